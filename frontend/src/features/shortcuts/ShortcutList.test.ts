import { describe, expect, it } from "vitest";
import { inOrder } from "./ShortcutList";

describe("the list of keys", () => {
  it("says each deed once and in its place, whoever registered first", () => {
    const rows = inOrder([
      { keys: "x", label: "new:x" },
      { keys: "+", label: "zoom in" },
      { keys: "=", label: "zoom in" },
      { keys: "Escape", label: "close" },
      { keys: "/", label: "search" },
    ]);

    expect(rows.map(({ keys }) => keys)).toEqual(["/", "+", "Escape", "x"]);
  });
});
