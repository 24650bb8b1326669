import { expect, it } from "vitest";
import { withinBody } from "./within";

const CORNER = { lon: 24.94, lat: 60.17 };

it("a polygon is sent as a closed GeoJSON ring, lon before lat", () => {
  const ring = [CORNER, { lon: 24.95, lat: 60.17 }, { lon: 24.95, lat: 60.18 }];

  expect(withinBody({ kind: "polygon", ring }, {})).toEqual({
    geometry: {
      type: "Polygon",
      coordinates: [
        [
          [24.94, 60.17],
          [24.95, 60.17],
          [24.95, 60.18],
          [24.94, 60.17],
        ],
      ],
    },
  });
});

it("the filters of the screen narrow the shape too", () => {
  const body = withinBody(
    { kind: "circle", centre: CORNER, radius_m: 500 },
    { grade: ["special", "first"], q: "museum" },
  );

  expect(body).toEqual({ centre: CORNER, radius_m: 500, grade: "special,first", q: "museum" });
});

it("a corridor is its line and its whole width", () => {
  expect(withinBody({ kind: "corridor", line: [CORNER, { lon: 25, lat: 60 }], width_m: 120 }, {})).toEqual({
    line: [
      [24.94, 60.17],
      [25, 60],
    ],
    width_m: 120,
  });
});
