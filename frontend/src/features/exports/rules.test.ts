import { describe, expect, it } from "vitest";
import { choicesOf, kept, over } from "./rules";

const datums = ["WGS84", "CGCS2000", "GCJ02", "BD09", "EPSG:3067"].map((code) => ({
  code,
  label: code,
  label_zh: code,
  metres: false,
}));
const codes = (format: Parameters<typeof choicesOf>[0]) => choicesOf(format, datums).map(({ code }) => code);

describe("formats and datums", () => {
  it("GeoJSON and KML are WGS 84, always", () => {
    expect(codes("geojson")).toEqual(["WGS84"]);
    expect(codes("kml")).toEqual(["WGS84"]);
  });

  it("a file that names its datum by an EPSG code cannot be in GCJ-02 or BD-09", () => {
    expect(codes("gpkg")).toEqual(["WGS84", "CGCS2000", "EPSG:3067"]);
    expect(codes("csv")).toContain("BD09");
  });

  it("what was chosen last is kept where it is offered", () => {
    expect(kept("GCJ02", choicesOf("csv", datums))).toBe("GCJ02");
    expect(kept("GCJ02", choicesOf("shp", datums))).toBe("WGS84");
  });
});

describe("files that somebody waits for", () => {
  const waiting = ["a", "b", "c", "d"].map((id) => ({ id, name: id, since: 100 }));
  const files = [
    { id: "a", state: "working" },
    { id: "b", state: "done" },
    { id: "c", state: "failed" },
  ];

  it("are over when they are written, failed or removed", () => {
    expect(over(waiting, files, 101).map(({ id }) => id)).toEqual(["b", "c", "d"]);
  });

  it("are not told by a list that is older than the wish", () => {
    expect(over(waiting, files, 100)).toEqual([]);
  });
});
