import { describe, expect, it } from "vitest";
import type { Hit } from "./grid-map";
import { cellAround, heapOf, standTogether } from "./heaps";

/** A flat map: one degree is one pixel. */
const pixelOf = ({ lon, lat }: { lon: number; lat: number }) => [lon, lat] as const;
const hit = (id: number, lon: number, lat = 0): Hit => ({
  layer: "customers",
  id,
  lonLat: { lon, lat },
  properties: {},
});

describe("symbols under one press", () => {
  it("that stand on each other are a heap, nearest first", () => {
    const heap = heapOf([hit(1, 8), hit(2, 0), hit(3, 12)], pixelOf, [1, 0]);

    expect(heap.map(({ id }) => id)).toEqual([2, 1, 3]);
  });

  it("that only touch are not: the nearest is meant", () => {
    expect(heapOf([hit(1, 0), hit(2, 13)], pixelOf, [4, 0]).map(({ id }) => id)).toEqual([1]);
    expect(heapOf([hit(1, 0), hit(2, 13)], pixelOf, [9, 0]).map(({ id }) => id)).toEqual([2]);
  });

  it("are nothing where nothing is", () => {
    expect(heapOf([], pixelOf, [0, 0])).toEqual([]);
  });
});

it("the same place cannot be told apart, five metres can", () => {
  const place = { lon: 24.94, lat: 60.17 };

  expect(standTogether([place, place, { lon: 24.940001, lat: 60.17 }])).toBe(true);
  expect(standTogether([place, { lon: 24.9401, lat: 60.17 }])).toBe(false);
});

it("the cell of a cluster holds its place and is an eighth of a tile", () => {
  const [west, south, east, north] = cellAround({ lon: 24.94, lat: 60.17 }, 11);

  expect(west).toBeLessThanOrEqual(24.94);
  expect(east).toBeGreaterThan(24.94);
  expect(south).toBeLessThanOrEqual(60.17);
  expect(north).toBeGreaterThan(60.17);
  expect(east - west).toBeCloseTo(360 / 2 ** 14, 9);
});
