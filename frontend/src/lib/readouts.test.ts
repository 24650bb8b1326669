import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromWgs84, toWgs84 } from "./datums";
import { isDegrees, offeredAt, READOUTS, type Readout, readoutOf, written, zoneAt } from "./readouts";
import { project } from "./transverse-mercator";

/** The server's conversions are tested against the same file (tests/spatial/test_datums.py). */
const vectors: { name: string; lon: number; lat: number; datum: string; x: number; y: number }[] = JSON.parse(
  readFileSync("../tests/spatial/datum_vectors.json", "utf8"),
);
const bozhou = { lon: 115.7787, lat: 33.8446 };
const museum = { lon: 24.9316, lat: 60.1751 };

describe("positions as a person wants them written", () => {
  it("every vector of the server holds: degrees to a hundredth of a metre, zones to a millimetre", () => {
    const degrees = vectors.filter(({ datum }) => !datum.startsWith("EPSG"));
    const metres = vectors.filter(({ datum }) => datum.startsWith("EPSG") && datum !== "EPSG:4490");

    for (const { lon, lat, datum, x, y } of degrees) {
      const there = fromWgs84({ lon, lat }, datum as "GCJ02");
      expect(there.lon).toBeCloseTo(x, 6);
      expect(there.lat).toBeCloseTo(y, 6);
      const back = toWgs84({ lon: x, lat: y }, datum as "GCJ02");
      expect(Math.abs(back.lon - lon)).toBeLessThan(1e-6);
      expect(Math.abs(back.lat - lat)).toBeLessThan(1e-6);
    }
    expect(metres.length).toBeGreaterThan(20);
    for (const { lon, lat, datum, x, y } of metres) {
      const zones = READOUTS.map((readout) => zoneAt({ lon, lat }, readout)).filter((zone) => zone?.code === datum);
      expect(zones).toHaveLength(1);
      const { e, n } = project({ lon, lat }, zones[0] as NonNullable<(typeof zones)[0]>);
      expect(Math.abs(e - x)).toBeLessThan(0.001);
      expect(Math.abs(n - y)).toBeLessThan(0.001);
    }
  });

  it("the number comes with its datum or EPSG code beside it", () => {
    expect(written(bozhou, "WGS84")).toEqual({
      text: "115.77870, 33.84460",
      exact: "115.778700, 33.844600",
      name: "WGS 84",
    });
    expect(written(bozhou, "GCJ02")).toMatchObject({ exact: "115.784239, 33.843156", name: "GCJ-02" });
    expect(written(bozhou, "GK3")).toEqual({
      text: "39386962.1, 3747095.4",
      exact: "39386962.138, 3747095.353",
      name: "EPSG:4527",
    });
    expect(written(bozhou, "GK3CM")).toMatchObject({ exact: "386962.138, 3747095.353", name: "EPSG:4548" });
    expect(written(bozhou, "DMS")).toMatchObject({ text: "33°50′40.6″N 115°46′43.3″E", name: "WGS 84" });
  });

  it("a readout that does not reach a place is written in WGS 84 and says so", () => {
    expect(written(museum, "GK3")).toMatchObject({ exact: "24.931600, 60.175100", name: "WGS 84" });
    expect(written(museum, "GCJ02").exact).toBe("24.931600, 60.175100");
  });

  it("only what makes sense at the place is offered, and what was chosen", () => {
    expect(offeredAt(museum, "WGS84")).toEqual(["WGS84", "DMS", "CGCS2000", "GCJ02", "BD09", "UTM", "TM35FIN"]);
    expect(offeredAt(bozhou, "TM35FIN")).toContain("TM35FIN");
    expect(offeredAt(museum, "GK3")).toContain("GK3");
    expect(readoutOf("nonsense")).toBe("WGS84");
    expect(READOUTS.filter(isDegrees)).toEqual(["WGS84", "DMS", "CGCS2000", "GCJ02", "BD09"] satisfies Readout[]);
  });
});
