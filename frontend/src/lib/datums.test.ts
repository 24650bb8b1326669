import { describe, expect, it } from "vitest";
import { toWgs84 } from "./datums";
import { distanceBetween_m } from "./geodesy";

describe("datums of a typed position", () => {
  const tiananmen = { lon: 116.397_47, lat: 39.908_823 };

  it("GCJ-02 and BD-09 are brought back to where they are", () => {
    const gcj02 = toWgs84(tiananmen, "GCJ02");

    expect(distanceBetween_m(gcj02, tiananmen)).toBeGreaterThan(400);
    expect(distanceBetween_m(toWgs84(tiananmen, "BD09"), gcj02)).toBeGreaterThan(500);
  });

  it("CGCS2000 stays, and so does everything outside of China", () => {
    const museum = { lon: 24.9316, lat: 60.1751 };

    expect(toWgs84(tiananmen, "CGCS2000")).toEqual(tiananmen);
    expect(toWgs84(museum, "GCJ02")).toEqual(museum);
  });
});
