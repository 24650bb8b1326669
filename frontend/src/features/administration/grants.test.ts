import { describe, expect, it } from "vitest";
import type { LayerAction } from "@/api/administration";
import { actionsOf, changesBetween, setsToSave, whereOf, withChanges, withWhere } from "./grants";

const NORTH: readonly LayerAction[] = [
  { layer: "*", action: "view", area: "ESP" },
  { layer: "*", action: "view", area: "HEL" },
  { layer: "customers", action: "move", area: null },
];

describe("rights of a group", () => {
  it("hold nowhere, in areas or everywhere", () => {
    expect(whereOf(NORTH, "*", "view")).toEqual(["ESP", "HEL"]);
    expect(whereOf(NORTH, "customers", "move")).toBe("everywhere");
    expect(whereOf(NORTH, "customers", "view")).toBe("nowhere");
  });

  it("that hold everywhere need no areas", () => {
    const both = [...NORTH, { layer: "*", action: "view", area: null } as const];

    expect(whereOf(both, "*", "view")).toBe("everywhere");
  });

  it("on imagery are to see it, on a layer any", () => {
    expect(actionsOf("imagery")).toEqual(["view"]);
    expect(actionsOf("customers")).toContain("move");
  });

  it("change in one cell and nowhere else", () => {
    const narrowed = withWhere(NORTH, "*", "view", ["ESP"]);

    expect(changesBetween(NORTH, narrowed)).toEqual([{ what: "taken", layer: "*", action: "view", area: "HEL" }]);
    expect(whereOf(narrowed, "customers", "move")).toBe("everywhere");
  });

  it("are saved as whole sets of the layers that changed", () => {
    const wished = withWhere(withWhere(NORTH, "customers", "move", "nowhere"), "customers", "add", ["HEL"]);

    expect(setsToSave(NORTH, wished)).toEqual([
      { layer: "customers", grants: [{ action: "add", area: "HEL" }], base: [{ action: "move", area: null }] },
    ]);
  });

  it("that somebody else changed meanwhile stay changed when a wish is put on top", () => {
    const wished = changesBetween(NORTH, withWhere(NORTH, "*", "view", ["ESP"]));
    const theirs = withWhere(NORTH, "customers", "export", "everywhere");

    expect(changesBetween(theirs, withChanges(theirs, wished))).toEqual(wished);
    expect(whereOf(withChanges(theirs, wished), "customers", "export")).toBe("everywhere");
  });

  it("that somebody else gave already are not given twice", () => {
    const wished = changesBetween(NORTH, withWhere(NORTH, "customers", "add", ["HEL"]));
    const theirs = withWhere(NORTH, "customers", "add", ["HEL"]);

    expect(withChanges(theirs, wished)).toEqual(theirs);
  });

  it("put back as they were are no change", () => {
    const there = withWhere(NORTH, "*", "view", "everywhere");

    expect(setsToSave(NORTH, withWhere(there, "*", "view", ["HEL", "ESP"]))).toEqual([]);
  });
});
