import { describe, expect, it } from "vitest";
import type { BasemapInfo } from "@/api/types";
import { chooseBasemap, isOutside } from "./basemap";
import { metresPerPixel, scaleBar, zoomOfResolution } from "./scale";
import { ringOf, symbolHalf } from "./symbols";

const osm = { key: "osm", kind: "vector", min_zoom: 0, bounds: null } as BasemapInfo;
const demo = {
  key: "demo",
  kind: "imagery",
  min_zoom: 10,
  bounds: [24.93, 60.16, 24.96, 60.18],
} as unknown as BasemapInfo;
const photo = { key: "orthophoto", kind: "imagery", min_zoom: 0, bounds: null } as BasemapInfo;

describe("the basemap of the address", () => {
  it("is the vector map when the address names none", () => {
    expect(chooseBasemap(undefined, [osm, demo])).toEqual({ mode: "vector", vector: osm, imagery: demo });
  });

  it("is the imagery that the address names", () => {
    expect(chooseBasemap("hybrid:orthophoto", [osm, demo, photo])).toMatchObject({ mode: "hybrid", imagery: photo });
  });

  it("falls back when the imagery is gone", () => {
    expect(chooseBasemap("imagery:gone", [osm]).mode).toBe("vector");
    expect(chooseBasemap("nonsense", [osm, demo]).mode).toBe("vector");
  });

  it("says where imagery ends", () => {
    expect(isOutside(demo, { lon: 24.94, lat: 60.17, zoom: 15 })).toBe(false);
    expect(isOutside(demo, { lon: 25.2, lat: 60.17, zoom: 15 })).toBe(true);
    expect(isOutside(demo, { lon: 24.94, lat: 60.17, zoom: 5 })).toBe(true);
  });
});

describe("the scale", () => {
  it("shrinks with the cosine of the latitude", () => {
    expect(metresPerPixel({ lat: 60, zoom: 15 }) / metresPerPixel({ lat: 0, zoom: 15 })).toBeCloseTo(0.5, 6);
  });

  it("is a round length that fits", () => {
    for (let zoom = 1; zoom <= 20; zoom += 0.37) {
      const { width_px, label } = scaleBar({ lat: 60.17, zoom });
      expect(width_px).toBeLessThanOrEqual(110);
      expect(width_px).toBeGreaterThan(40);
      expect(label).toMatch(/^[125]0* (m|km)$/);
    }
  });

  it("knows the zoom of a resolution", () => {
    expect(zoomOfResolution(156_543.03392804097 / 2 ** 15)).toBeCloseTo(15, 9);
  });
});

describe("a symbol", () => {
  it("takes its ring from the class that matters most", () => {
    expect(ringOf("own_transformer,large,top100")).toBe("double");
    expect(ringOf(["key100"])).toBe("dashed");
    expect(ringOf(["growth100"])).toBe("dotted");
    expect(ringOf("own_transformer")).toBe("none");
    expect(ringOf(null)).toBe("none");
  });

  it("needs more room with a ring than without", () => {
    for (const grade of ["special", "first", "second", "temporary", "none"] as const) {
      expect(symbolHalf(grade, "single")).toBeGreaterThan(symbolHalf(grade, "none"));
    }
  });
});
