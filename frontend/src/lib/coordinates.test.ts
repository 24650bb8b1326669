import { describe, expect, it } from "vitest";
import { formatDecimal, formatDms, readCoordinates } from "./coordinates";

const near = (value: number, digits = 5) => Number(value.toFixed(digits));

describe("readCoordinates", () => {
  it("gives both readings of two bare decimals", () => {
    const readings = readCoordinates("24.9414, 60.1711");

    expect(readings.map(({ lon, lat, order }) => [lon, lat, order])).toEqual([
      [24.9414, 60.1711, "lon_lat"],
      [60.1711, 24.9414, "lat_lon"],
    ]);
  });

  it("gives the only possible reading when one number cannot be a latitude", () => {
    expect(readCoordinates("121.4737 31.2304")).toEqual([
      { lon: 121.4737, lat: 31.2304, notation: "decimal", order: "lon_lat" },
    ]);
    expect(readCoordinates("31.2304，121.4737")[0]).toMatchObject({ lon: 121.4737, lat: 31.2304, order: "lat_lon" });
  });

  it("reads letters of the compass", () => {
    expect(readCoordinates("60.1711N 24.9414E")).toMatchObject([{ lon: 24.9414, lat: 60.1711 }]);
    expect(readCoordinates("W 73.9857, N 40.7484")).toMatchObject([{ lon: -73.9857, lat: 40.7484 }]);
  });

  it("reads degrees, minutes, seconds", () => {
    for (const text of ["60°10′16.0″N 24°56′29.0″E", "60 10 16.0 N, 24 56 29.0 E", "N60°10'16\" E24°56'29\""]) {
      const [reading] = readCoordinates(text);

      expect(reading?.notation).toBe("dms");
      expect([near(reading?.lon ?? 0), near(reading?.lat ?? 0)]).toEqual([24.94139, 60.17111]);
    }
  });

  it("reads Chinese degrees", () => {
    const [reading] = readCoordinates("东经116度23分29秒 北纬39度54分27秒");

    expect([near(reading?.lon ?? 0, 4), near(reading?.lat ?? 0, 4)]).toEqual([116.3914, 39.9075]);
  });

  it("reads nothing from what is no position", () => {
    for (const text of [
      "",
      "Kaisaniemi",
      "0123456789",
      "200, 100",
      "60 25",
      "NaN, 60.1",
      "Infinity 1",
      "60°70′N 24°E",
      "Mannerheimintie 13, 00100",
    ]) {
      expect(readCoordinates(text)).toEqual([]);
    }
  });
});

describe("writing", () => {
  it("writes lon, lat", () => {
    expect(formatDecimal({ lon: 24.9414, lat: 60.1711 })).toBe("24.941400, 60.171100");
  });

  it("carries seconds that round up to sixty", () => {
    expect(formatDms({ lon: -0.99999999, lat: 60.1711 })).toBe("60°10′16.0″N 1°00′00.0″W");
  });
});
