import { describe, expect, it } from "vitest";
import { type DrawnShape, formatShape, parseShape, positionsOf } from "./shapes";

const SHAPES: DrawnShape[] = [
  { kind: "circle", centre: { lon: 24.941, lat: 60.172 }, radius_m: 500 },
  {
    kind: "corridor",
    width_m: 120,
    line: [
      { lon: 24.94, lat: 60.17 },
      { lon: -0.5, lat: -33.123456 },
    ],
  },
  {
    kind: "polygon",
    ring: [
      { lon: 24.94, lat: 60.17 },
      { lon: 24.95, lat: 60.17 },
      { lon: 24.95, lat: 60.18 },
    ],
  },
];

describe("a shape in the address", () => {
  it.each(SHAPES)("comes back as it was: $kind", (shape) => {
    expect(parseShape(formatShape(shape))).toEqual(shape);
  });

  it.each([
    undefined,
    "",
    "circle",
    "circle:0~24,60",
    "circle:NaN~24,60",
    "circle:500",
    "circle:500~24",
    "circle:500~24,",
    "circle:500~240,60",
    "circle:500~24,89",
    "circle:200001~24,60",
    "corridor:50~24,60",
    "corridor:Infinity~24,60~25,60",
    "polygon:24,60~25,60",
    "polygon:24,60~25,60~<script>",
    "square:1,2~3,4~5,6",
  ])("is refused when the server would refuse it: %s", (text) => {
    expect(parseShape(text)).toBeNull();
  });
});

it("a circle's view is wider than high in degrees, away from the equator", () => {
  const [southWest, northEast] = positionsOf({ kind: "circle", centre: { lon: 24.94, lat: 60.17 }, radius_m: 1_000 });

  const lonSpan = (northEast?.lon ?? 0) - (southWest?.lon ?? 0);
  const latSpan = (northEast?.lat ?? 0) - (southWest?.lat ?? 0);
  expect(latSpan).toBeCloseTo(2_000 / 111_320, 4);
  expect(lonSpan / latSpan).toBeCloseTo(1 / Math.cos((60.17 * Math.PI) / 180), 3);
});
