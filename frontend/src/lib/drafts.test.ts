// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { dropDraft, keepDraft, readDraft } from "./drafts";

describe("drafts", () => {
  beforeEach(() => localStorage.clear());

  it("come back until they are dropped", () => {
    keepDraft("add", { name: "Kansallismuseo" });
    expect(readDraft<{ name: string }>("add")?.value.name).toBe("Kansallismuseo");

    dropDraft("add");
    expect(readDraft("add")).toBeNull();
  });

  it("are forgotten after a month, and broken ones are none", () => {
    keepDraft("add", 1);
    vi.useFakeTimers({ now: Date.now() + 31 * 86_400_000 });
    expect(readDraft("add")).toBeNull();
    vi.useRealTimers();

    localStorage.setItem("gridatlas.draft.add", "{");
    expect(readDraft("add")).toBeNull();
  });
});
