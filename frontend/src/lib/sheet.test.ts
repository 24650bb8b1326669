import { describe, expect, it } from "vitest";
import { distanceBetween_m } from "./geodesy";
import {
  barLabel,
  barOf,
  boxOf,
  cornersOf,
  ORIENTATIONS,
  PAPERS,
  resolutionOf,
  scaleError,
  scaleOf,
  sheetLayout,
  twoFigures,
} from "./sheet";

/** Of EPSG:3857: Helsinki, Singapore (on the equator, nearly), Tromsø. */
const PLACES = [
  { lat: 60.1751, y: 8_437_913.9 },
  { lat: 1.35, y: 150_296.4 },
  { lat: 69.65, y: 10_936_826.8 },
];

describe("a sheet's scale", () => {
  it.each(PLACES)("is that of the ground within 0.5 % at latitude $lat, along and across", ({ lat, y }) => {
    const place = { centre: [2_775_000, y] as const, resolution: resolutionOf(5_000, lat), rotation: 0 };
    const [nw, ne, , sw] = cornersOf(place, { width: 100, height: 100 });
    if (!nw || !ne || !sw) throw new Error("corners");

    // 100 mm at 1 : 5,000 are 500 m.
    expect(Math.abs(distanceBetween_m(nw, ne) / 500 - 1)).toBeLessThan(0.005);
    expect(Math.abs(distanceBetween_m(nw, sw) / 500 - 1)).toBeLessThan(0.005);
  });

  it("comes back from its resolution", () => {
    expect(scaleOf(resolutionOf(2_500, 60), 60)).toBeCloseTo(2_500, 9);
  });

  it("is cut to two figures where the screen sets it", () => {
    expect([4_873, 12_345, 9_960, 1_000_000, 873].map(twoFigures)).toEqual([4_900, 12_000, 10_000, 1_000_000, 870]);
  });

  it("tells how much it is off at the edges", () => {
    expect(scaleError(5_000, 60, 180)).toBeLessThan(0.001);
    expect(scaleError(1_000_000, 60, 180)).toBeGreaterThan(0.01);
  });
});

describe("a scale bar", () => {
  it("has a round length and is as long on paper as the scale says", () => {
    expect(barOf(5_000, 50)).toEqual({ length_m: 200, length_mm: 40, parts: 4 });
    expect(barOf(10_000, 50)).toEqual({ length_m: 500, length_mm: 50, parts: 5 });
    expect(barOf(4_900, 50).length_mm).toBeCloseTo(200_000 / 4_900, 9);
    expect([barLabel(200), barLabel(2_000), barLabel(50)]).toEqual(["200 m", "2 km", "50 m"]);
  });
});

describe("a sheet's corners", () => {
  it("turn with the map: north to the right puts the western corners on top", () => {
    const place = { centre: [2_775_000, 8_437_913.9] as const, resolution: 1, rotation: Math.PI / 2 };
    const [upperLeft, upperRight, lowerRight] = cornersOf(place, { width: 100, height: 50 });
    if (!upperLeft || !upperRight || !lowerRight) throw new Error("corners");

    expect(upperRight.lat).toBeGreaterThan(upperLeft.lat);
    expect(upperRight.lon).toBeCloseTo(upperLeft.lon, 9);
    expect(lowerRight.lon).toBeGreaterThan(upperRight.lon);
  });

  it("hold a box that may cross the antimeridian", () => {
    const corners = [
      { lon: 179.9, lat: 1 },
      { lon: -179.8, lat: 1 },
      { lon: -179.8, lat: -1 },
      { lon: 179.9, lat: -1 },
    ];
    expect(boxOf(corners, 180).map((edge) => Number(edge.toFixed(6)))).toEqual([179.9, -1, -179.8, 1]);
  });
});

describe("a layout", () => {
  it.each(PAPERS.flatMap((paper) => ORIENTATIONS.map((orientation) => ({ paper, orientation }))))(
    "of $paper $orientation keeps everything on the paper, nothing over the map",
    ({ paper, orientation }) => {
      const { width, height, map, ...layout } = sheetLayout(paper, orientation);
      const { title, legend, facts, foot } = layout;

      for (const part of [title, legend, facts, foot, map]) {
        expect(part.width).toBeGreaterThan(0);
        expect(part.height).toBeGreaterThan(0);
        expect(part.x + part.width).toBeLessThanOrEqual(width - 5);
        expect(part.y + part.height).toBeLessThanOrEqual(height - 5);
      }
      for (const part of [title, legend, facts, foot]) {
        const apart =
          part.x >= map.x + map.width ||
          part.x + part.width <= map.x ||
          part.y >= map.y + map.height ||
          part.y + part.height <= map.y;
        expect(apart).toBe(true);
      }
      expect(map.width * map.height).toBeGreaterThan(0.48 * width * height);
    },
  );
});
