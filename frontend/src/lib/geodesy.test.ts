import { describe, expect, it } from "vitest";
import { compassPoint, distanceBetween_m, stepped } from "./geodesy";

const MUSEUM = { lon: 24.9316, lat: 60.1751 };
const THEATRE = { lon: 24.9472, lat: 60.1716 };

describe("distances and directions", () => {
  it("measures like the ellipsoid", () => {
    // ST_Distance(geography) says 949.676 m.
    expect(distanceBetween_m(MUSEUM, THEATRE)).toBeCloseTo(949.676, 2);
  });

  it("steps by ground metres, not by degrees", () => {
    const moved = stepped(MUSEUM, 10, 0);

    expect(distanceBetween_m(MUSEUM, moved)).toBeCloseTo(10, 3);
    expect(moved.lat).toBe(MUSEUM.lat);
  });

  it("goes the short way over the antimeridian", () => {
    expect(distanceBetween_m({ lon: 179.9999, lat: 0 }, { lon: -179.9999, lat: 0 })).toBeCloseTo(22.3, 0);
    expect(stepped({ lon: 179.99999, lat: 0 }, 10, 0).lon).toBeLessThan(-179.9);
  });

  it("names the eighth of the compass", () => {
    expect(compassPoint(MUSEUM, THEATRE)).toBe("se");
    expect(compassPoint(MUSEUM, stepped(MUSEUM, 25, 25))).toBe("ne");
    expect(compassPoint(MUSEUM, stepped(MUSEUM, 0, -1))).toBe("s");
    expect(compassPoint(MUSEUM, stepped(MUSEUM, -5, 0.1))).toBe("w");
  });
});
