// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { parseHash, urlState } from "@/lib/url-state";
import { forgetRow, goTo, parsePlace, selectRow, turnTo } from "./address";

const ID = "0190d6b2-7d2a-7c3e-9f64-1f5f6a0c2b11";
const here = () => parsePlace(parseHash(location.hash));

beforeEach(() => urlState.set({ import: null, sel: null }));

describe("the address of an import", () => {
  it("is the list, an import, its columns, or one of its tabs", () => {
    expect(parsePlace({ import: "new" }).id).toBeNull();
    expect(parsePlace({ import: ID })).toEqual({ id: ID, columns: false, tab: null, rowNo: null });
    expect(parsePlace({ import: `${ID}/columns` }).columns).toBe(true);
    expect(parsePlace({ import: `${ID}/rejected` }).tab).toBe("rejected");
    expect(parsePlace({ import: `${ID}/nonsense` }).tab).toBeNull();
  });

  it("holds the selected row, but no customer for one", () => {
    expect(parsePlace({ import: ID, sel: "import:12" }).rowNo).toBe(12);
    expect(parsePlace({ import: ID, sel: "customers:12" }).rowNo).toBeNull();
  });

  it("keeps the row when the tab turns to it, and drops it with another step", () => {
    goTo(ID);
    selectRow(12);
    turnTo(ID, "moved");
    expect(here()).toEqual({ id: ID, columns: false, tab: "moved", rowNo: 12 });

    goTo(ID, "columns");
    expect(here()).toEqual({ id: ID, columns: true, tab: null, rowNo: null });
  });

  it("leaves a selected customer selected when the page is closed, but no row", () => {
    urlState.set({ sel: "import:12" });
    forgetRow();
    expect(parseHash(location.hash)).toEqual({});

    urlState.set({ sel: "customers:7" });
    forgetRow();
    expect(parseHash(location.hash)).toEqual({ sel: "customers:7" });
  });
});
