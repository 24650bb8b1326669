/** Short distances and directions on WGS 84, good to a thousandth: what the interface says before the server has measured. */
import type { LonLat } from "./coordinates";

const A_M = 6_378_137;
const E2 = 0.006_694_379_990_14;
const RAD = Math.PI / 180;

/** Ground metres of one degree at this latitude. */
function metresPerDegree(lat: number): { east_m: number; north_m: number } {
  const w2 = 1 - E2 * Math.sin(lat * RAD) ** 2;
  return {
    east_m: (A_M / Math.sqrt(w2)) * Math.cos(lat * RAD) * RAD,
    north_m: ((A_M * (1 - E2)) / w2 ** 1.5) * RAD,
  };
}

/** How far east and north `to` lies of `from`; over the antimeridian by the short way. */
function offset_m(from: LonLat, to: LonLat): { east_m: number; north_m: number } {
  const per = metresPerDegree((from.lat + to.lat) / 2);
  const dlon = ((((to.lon - from.lon + 180) % 360) + 360) % 360) - 180;
  return { east_m: dlon * per.east_m, north_m: (to.lat - from.lat) * per.north_m };
}

export function distanceBetween_m(from: LonLat, to: LonLat): number {
  const { east_m, north_m } = offset_m(from, to);
  const flat_m = Math.hypot(east_m, north_m);
  if (flat_m < 50_000) return flat_m;
  const h =
    Math.sin(((to.lat - from.lat) * RAD) / 2) ** 2 +
    Math.cos(from.lat * RAD) * Math.cos(to.lat * RAD) * Math.sin(((to.lon - from.lon) * RAD) / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The position so many ground metres to the east and to the north. */
export function stepped({ lon, lat }: LonLat, east_m: number, north_m: number): LonLat {
  const per = metresPerDegree(lat);
  const moved = Math.max(-85, Math.min(85, lat + north_m / per.north_m));
  return { lon: ((((lon + east_m / per.east_m + 180) % 360) + 360) % 360) - 180, lat: moved };
}

export const COMPASS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;
export type CompassPoint = (typeof COMPASS)[number];

/** The eighth of the compass in which `to` lies. */
export function compassPoint(from: LonLat, to: LonLat): CompassPoint {
  const { east_m, north_m } = offset_m(from, to);
  const eighth = Math.round((Math.atan2(east_m, north_m) / RAD / 45 + 8) % 8) % 8;
  return COMPASS[eighth] ?? "n";
}
