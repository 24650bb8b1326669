import { describe, expect, it } from "vitest";
import type { CustomerImport, Detected, DiffFeature, ImportCounts, RowStatus } from "@/api/imports";
import {
  changeOf,
  fileRefusal,
  firstTab,
  MOST_BYTES,
  marksOf,
  matchingCrs,
  stepOf,
  tabsOf,
  unusedColumns,
  withColumn,
} from "./rules";

const NOTHING: ImportCounts = { new: 0, moved: 0, changed: 0, unchanged: 0, rejected: 0, far_moves: 0 };

const DETECTED = { format: "CSV" } as Detected;
const standing = (state: CustomerImport["state"], can: CustomerImport["can"]) => ({ state, can, detected: DETECTED });

describe("the step", () => {
  it("follows the state of the import", () => {
    expect(stepOf(standing("reading", ["cancel"]), false)).toBe("columns");
    expect(stepOf(standing("waiting", ["change"]), false)).toBe("columns");
    expect(stepOf(standing("checked", ["commit", "change"]), false)).toBe("check");
    expect(stepOf(standing("committing", ["cancel"]), false)).toBe("done");
    expect(stepOf(standing("committed", ["revert"]), false)).toBe("done");
  });

  it("is the columns again where the address wants them, but only while they can be changed", () => {
    expect(stepOf(standing("checked", ["commit", "change"]), true)).toBe("columns");
    expect(stepOf(standing("committed", ["revert"]), true)).toBe("done");
  });

  it("leads a failed one back to its columns when other choices may help", () => {
    expect(stepOf(standing("failed", ["change"]), false)).toBe("columns");
    expect(stepOf(standing("failed", []), false)).toBe("done");
    expect(stepOf({ ...standing("failed", ["change"]), detected: null }, false)).toBe("done");
  });
});

describe("a dropped file", () => {
  it("is sent when it is one file with something in it", () => {
    expect(fileRefusal([{ name: "customers.csv", size: 10 }])).toBeNull();
    expect(fileRefusal([{ name: "网格.zip", size: MOST_BYTES }])).toBeNull();
  });

  it("is refused before it is sent: none, empty, too large, several, a part of a Shapefile", () => {
    expect(fileRefusal([])).toBe("none");
    expect(fileRefusal([{ name: "a.csv", size: 0 }])).toBe("empty");
    expect(fileRefusal([{ name: "a.csv", size: MOST_BYTES + 1 }])).toBe("too_large");
    expect(fileRefusal(["a.csv", "b.csv"].map((name) => ({ name, size: 1 })))).toBe("several");
    expect(fileRefusal(["a.SHP", "a.dbf", "a.shx"].map((name) => ({ name, size: 1 })))).toBe("part");
    expect(fileRefusal([{ name: "a.shp", size: 1 }])).toBe("part");
  });
});

describe("tabs", () => {
  it("open on what is going to happen, else on what is wrong", () => {
    expect(firstTab({ ...NOTHING, moved: 2, rejected: 1 })).toBe("moved");
    expect(firstTab({ ...NOTHING, unchanged: 9, rejected: 1 })).toBe("rejected");
    expect(firstTab({ ...NOTHING, unchanged: 9 })).toBe("unchanged");
    expect(firstTab(NOTHING)).toBe("new");
  });

  it("hold a row that is moved and changed twice", () => {
    expect(tabsOf("moved_and_changed")).toEqual(["moved", "changed"]);
    expect(tabsOf("rejected")).toEqual(["rejected"]);
  });
});

describe("the datum is found", () => {
  const options = [
    { code: "WGS84", label: "WGS 84", label_zh: "WGS 84" },
    {
      code: "EPSG:4547",
      label: "CGCS2000 / 3-degree, central meridian 114",
      label_zh: "CGCS2000 / 3度带 中央经线 114",
    },
    {
      code: "EPSG:4548",
      label: "CGCS2000 / 3-degree, central meridian 117",
      label_zh: "CGCS2000 / 3度带 中央经线 117",
    },
    { code: "EPSG:45470", label: "A longer number", label_zh: "A longer number" },
    { code: "GCJ02", label: "GCJ-02", label_zh: "GCJ-02" },
  ];
  const codes = (text: string) => matchingCrs(options, text).map(({ code }) => code);

  it("by words in any order", () => {
    expect(codes("117 cgcs")).toEqual(["EPSG:4548"]);
    expect(codes("gcj")).toEqual(["GCJ02"]);
    expect(codes("")).toHaveLength(options.length);
    expect(codes("nowhere")).toEqual([]);
  });

  it("by its number, the exact one first", () => {
    expect(codes("4547")).toEqual(["EPSG:4547", "EPSG:45470"]);
    expect(codes("epsg:4547")).toEqual(["EPSG:4547", "EPSG:45470"]);
  });
});

describe("what is sent", () => {
  const choices = {
    encoding: null,
    crs: "WGS84",
    layer: null,
    mapping: { account_no: "户号", lon: "x" },
    crs_from: null,
    remembered: null,
    swap_axes: false,
  };
  const imported = { choices, questions: [] as CustomerImport["questions"] };

  it("is only what differs, the mapping whole", () => {
    expect(changeOf(imported, { mapping: {} })).toBeNull();
    expect(changeOf(imported, { crs: "WGS84", swap_axes: false, mapping: { lon: "x" } })).toBeNull();
    expect(changeOf(imported, { crs: "GCJ02", swap_axes: true, mapping: { lon: "y", name: "名称" } })).toEqual({
      crs: "GCJ02",
      swap_axes: true,
      mapping: { account_no: "户号", lon: "y", name: "名称" },
    });
  });

  it("takes a column off a field", () => {
    expect(changeOf(imported, { mapping: { lon: "", name: "" } })).toEqual({
      mapping: { account_no: "户号", lon: null },
    });
  });

  it("answers what was asked, also when the guess was right", () => {
    const questions = ["axes_swapped", "zone_straddles"].map((code) => ({ code, text: "" }));

    expect(changeOf({ choices, questions }, { crs: "WGS84", swap_axes: false, mapping: {} })).toEqual({
      crs: "WGS84",
      swap_axes: false,
    });
    expect(changeOf({ choices, questions }, { mapping: {} })).toBeNull();
  });

  it("gives one column to one field", () => {
    expect(withColumn({ lon: "x", lat: "y" }, "lat", "x")).toEqual({ lon: "", lat: "x" });
    expect(withColumn({ lon: "", lat: "y" }, "name", "")).toEqual({ lon: "", lat: "y", name: "" });
  });
});

it("columns that no field takes are told", () => {
  const columns = [{ name: "户号" }, { name: "x" }, { name: "备注" }];

  expect(unusedColumns(columns, { account_no: "户号", lon: "x", lat: "" })).toEqual(["备注"]);
});

it("marks of the map: points are new or placed, lines are moves, beyond the guard distance far ones", () => {
  const [here, there] = [
    [24.94, 60.17],
    [24.95, 60.17],
  ];
  const point = (row_no: number, status: RowStatus): DiffFeature => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: here ?? [] },
    properties: { status, row_no, moved_m: null },
  });
  const line = (row_no: number, moved_m: number): DiffFeature => ({
    type: "Feature",
    geometry: { type: "LineString", coordinates: [here ?? [], there ?? []] },
    properties: { status: "moved_and_changed", row_no, moved_m },
  });

  const marks = marksOf([point(1, "new"), point(2, "moved"), line(3, 500), line(4, 501)], 500, (row) => `Row ${row}`);

  expect(marks.map(({ kind, name }) => [kind, name])).toEqual([
    ["new", "Row 1"],
    ["moved", "Row 2"],
    ["moved", "Row 3"],
    ["far", "Row 4"],
  ]);
  expect(marks[1]?.from).toBeNull();
  expect(marks[2]).toMatchObject({ from: { lon: 24.94, lat: 60.17 }, to: { lon: 24.95, lat: 60.17 } });
});
