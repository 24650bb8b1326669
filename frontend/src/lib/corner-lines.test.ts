import { describe, expect, it } from "vitest";
import { readLines } from "./corner-lines";

const HELSINKI = { lon: 24.94, lat: 60.17 };

describe("typed corners", () => {
  it("are read one per line, in whatever notation, empty lines left out", () => {
    const { positions, wrongLine } = readLines("24.9414, 60.1711\n\n60°10′16″N 24°56′29″E\n", HELSINKI);

    expect(wrongLine).toBeNull();
    expect(positions).toHaveLength(2);
    expect(positions[1]?.lat).toBeCloseTo(60.1711, 3);
    expect(positions[1]?.lon).toBeCloseTo(24.9414, 3);
  });

  it("in the other order are meant where the map looks", () => {
    expect(readLines("60.1711, 24.9414", HELSINKI).positions[0]).toEqual({ lon: 24.9414, lat: 60.1711 });
  });

  it("name the line that is no position", () => {
    expect(readLines("24.9414, 60.1711\nsomewhere", HELSINKI).wrongLine).toBe(2);
    expect(readLines("NaN, 60", HELSINKI).wrongLine).toBe(1);
  });
});
