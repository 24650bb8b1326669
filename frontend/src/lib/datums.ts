/**
 * Show a position typed in a Chinese map datum where it belongs, and write one in the datum that a person reads.
 * Nothing of this is stored: the server gets what was typed, with its datum, and converts it itself (spatial/datums.py,
 * the same formulas).
 */
import type { LonLat } from "./coordinates";

export const DATUMS = ["WGS84", "CGCS2000", "GCJ02", "BD09"] as const;
export type Datum = (typeof DATUMS)[number];

export const DATUM_NAMES: Readonly<Record<Datum, string>> = {
  WGS84: "WGS 84",
  CGCS2000: "CGCS2000",
  GCJ02: "GCJ-02",
  BD09: "BD-09",
};

const A_M = 6_378_245;
const EE = 0.006_693_421_622_965_943;
const BD_PI = (Math.PI * 3_000) / 180;

export function toWgs84(position: LonLat, datum: Datum): LonLat {
  if (datum === "GCJ02") return fromGcj02(position);
  if (datum === "BD09") return fromGcj02(fromBd09(position));
  return position;
}

export function fromWgs84(position: LonLat, datum: Datum): LonLat {
  if (datum === "GCJ02") return toGcj02(position);
  if (datum === "BD09") return isInside(position) ? toBd09(toGcj02(position)) : position;
  return position;
}

function toGcj02(position: LonLat): LonLat {
  if (!isInside(position)) return position;
  const { dlon, dlat } = gcj02Offset(position);
  return { lon: position.lon + dlon, lat: position.lat + dlat };
}

function fromGcj02(position: LonLat): LonLat {
  if (!isInside(position)) return position;
  let guess = position;
  for (let step = 0; step < 6; step++) {
    const { dlon, dlat } = gcj02Offset(guess);
    guess = { lon: position.lon - dlon, lat: position.lat - dlat };
  }
  return guess;
}

function fromBd09(position: LonLat): LonLat {
  if (!isInside(position)) return position;
  let guess = { lon: position.lon - 0.0065, lat: position.lat - 0.006 };
  for (let step = 0; step < 8; step++) {
    const there = toBd09(guess);
    guess = { lon: guess.lon + position.lon - there.lon, lat: guess.lat + position.lat - there.lat };
  }
  return guess;
}

function toBd09({ lon, lat }: LonLat): LonLat {
  const z = Math.hypot(lon, lat) + 0.000_02 * Math.sin(lat * BD_PI);
  const theta = Math.atan2(lat, lon) + 0.000_003 * Math.cos(lon * BD_PI);
  return { lon: z * Math.cos(theta) + 0.0065, lat: z * Math.sin(theta) + 0.006 };
}

function isInside({ lon, lat }: LonLat): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

function gcj02Offset({ lon, lat }: LonLat): { dlon: number; dlat: number } {
  const { PI, sin, sqrt, abs, cos } = Math;
  const [x, y] = [lon - 105, lat - 35];
  const waves = 20 * sin(6 * x * PI) + 20 * sin(2 * x * PI);
  let dlat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x));
  dlat += ((waves + 20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3;
  dlat += ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  let dlon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x));
  dlon += ((waves + 20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3;
  dlon += ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const phi = (lat / 180) * PI;
  const magic = 1 - EE * sin(phi) ** 2;
  const root = sqrt(magic);
  return {
    dlat: (dlat * 180) / (((A_M * (1 - EE)) / (magic * root)) * PI),
    dlon: (dlon * 180) / ((A_M / root) * cos(phi) * PI),
  };
}
