/**
 * Arithmetic of a printed sheet, in millimetres of paper and metres of ground.
 * Web Mercator stretches with latitude: a scale is true at the sheet's middle, and this says how true it is elsewhere.
 */
import type { LonLat } from "./coordinates";

export type Paper = "A4" | "A3";
export type Orientation = "portrait" | "landscape";

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where things stand on a sheet: title above, map, legend and facts beside or below it, attribution at the foot. */
export interface SheetLayout {
  width: number;
  height: number;
  title: Rect;
  map: Rect;
  legend: Rect;
  facts: Rect;
  foot: Rect;
}

export const PAPERS: readonly Paper[] = ["A4", "A3"];
export const ORIENTATIONS: readonly Orientation[] = ["landscape", "portrait"];
/** Scales to choose from, the 5000 of 1 : 5,000. */
export const SCALES = [500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000] as const;

const SHORT_LONG: Readonly<Record<Paper, readonly [number, number]>> = { A4: [210, 297], A3: [297, 420] };
/** What home printers cannot reach is 4 to 6 mm. */
const MARGIN = 8;
const GAP = 4;
const TITLE = 12;
const FOOT = 5;
const FACTS_HEIGHT = 68;

export function sheetLayout(paper: Paper, orientation: Orientation): SheetLayout {
  const [short, long] = SHORT_LONG[paper];
  const [width, height] = orientation === "landscape" ? [long, short] : [short, long];
  const [left, top, right, bottom] = [MARGIN, MARGIN, width - MARGIN, height - MARGIN];
  const title = { x: left, y: top, width: right - left, height: TITLE };
  const foot = { x: left, y: bottom - FOOT, width: right - left, height: FOOT };
  const [above, below] = [title.y + TITLE + GAP / 2, foot.y - GAP / 2];
  if (orientation === "landscape") {
    const beside = paper === "A3" ? 72 : 60;
    const x = right - beside;
    return {
      width,
      height,
      title,
      foot,
      map: { x: left, y: above, width: x - GAP - left, height: below - above },
      legend: { x, y: above, width: beside, height: below - above - FACTS_HEIGHT - GAP },
      facts: { x, y: below - FACTS_HEIGHT, width: beside, height: FACTS_HEIGHT },
    };
  }
  const facts = paper === "A3" ? 84 : 62;
  const y = below - FACTS_HEIGHT;
  return {
    width,
    height,
    title,
    foot,
    map: { x: left, y: above, width: right - left, height: y - GAP - above },
    legend: { x: left, y, width: right - left - facts - GAP, height: FACTS_HEIGHT },
    facts: { x: right - facts, y, width: facts, height: FACTS_HEIGHT },
  };
}

const RAD = Math.PI / 180;
const E2 = 0.006_694_379_990_14;
const A_M = 6_378_137;
/** A pixel of the map's design on paper, which is read from nearer than a screen: letters of 12 px are 2.4 mm high. */
export const PX_MM = 0.2;

/**
 * Ground metres of one unit of EPSG:3857 at this latitude: the mean of east and north, which differ by 0.7 % at most
 * (0.34 % either way), since the projection takes positions of the ellipsoid for those of a sphere.
 */
export function groundPerUnit(lat: number): number {
  const sin2 = Math.sin(lat * RAD) ** 2;
  return (Math.cos(lat * RAD) * Math.sqrt(1 - E2)) / (1 - E2 * sin2);
}

/** Units of EPSG:3857 that one pixel of paper shows at 1 : scale. */
export function resolutionOf(scale: number, lat: number): number {
  return (scale * PX_MM) / 1_000 / groundPerUnit(lat);
}

export function scaleOf(resolution: number, lat: number): number {
  return (resolution * groundPerUnit(lat) * 1_000) / PX_MM;
}

/** Two figures say enough, and a sheet can be of exactly that scale. */
export function twoFigures(scale: number): number {
  const step = 10 ** (Math.floor(Math.log10(scale)) - 1);
  return Math.max(1, Math.round(scale / step) * step);
}

/** The part of the scale by which north and south of the sheet differ from its middle, the larger of the two. */
export function scaleError(scale: number, lat: number, height_mm: number): number {
  const half = (resolutionOf(scale, lat) * height_mm) / PX_MM / 2;
  const middle = mercatorY(lat);
  return Math.max(
    ...[middle - half, middle + half].map((y) => Math.abs(groundPerUnit(latOf(y)) / groundPerUnit(lat) - 1)),
  );
}

export interface Bar {
  length_m: number;
  length_mm: number;
  /** Equal parts of a round length. */
  parts: number;
}

/** The longest bar of a round length (1, 2 or 5 times a power of ten) that fits. */
export function barOf(scale: number, most_mm: number): Bar {
  const most_m = (most_mm * scale) / 1_000;
  const power = 10 ** Math.floor(Math.log10(most_m));
  const step = [5, 2, 1].find((factor) => factor * power <= most_m) ?? 1;
  const length_m = step * power;
  return { length_m, length_mm: (length_m * 1_000) / scale, parts: step === 5 ? 5 : 4 };
}

/** "500 m", "2 km": a bar's lengths are round. */
export function barLabel(length_m: number): string {
  return length_m >= 1_000 ? `${length_m / 1_000} km` : `${length_m} m`;
}

export interface SheetPlace {
  /** Of EPSG:3857. */
  centre: readonly [number, number];
  /** Units of a pixel. */
  resolution: number;
  /** Of north, clockwise on the sheet. */
  rotation: number;
}

/** Positions of the map's corners: upper left, upper right, lower right, lower left. */
export function cornersOf(place: SheetPlace, { width, height }: Pick<Rect, "width" | "height">): LonLat[] {
  const [half_x, half_y] = [width, height].map((mm) => ((mm / PX_MM) * place.resolution) / 2) as [number, number];
  const [cos, sin] = [Math.cos(place.rotation), Math.sin(place.rotation)];
  return [
    [-half_x, half_y],
    [half_x, half_y],
    [half_x, -half_y],
    [-half_x, -half_y],
  ].map(([right = 0, up = 0]) => ({
    lon: wrapped((place.centre[0] + right * cos - up * sin) / A_M / RAD),
    lat: latOf(place.centre[1] + right * sin + up * cos),
  }));
}

/** west, south, east, north of what the corners hold; west > east crosses the antimeridian. */
export function boxOf(corners: readonly LonLat[], middle_lon: number): [number, number, number, number] {
  const lats = corners.map(({ lat }) => lat);
  const from_middle = corners.map(({ lon }) => wrapped(lon - middle_lon));
  const [west, east] = [Math.min(...from_middle), Math.max(...from_middle)];
  return [wrapped(middle_lon + west), Math.min(...lats), wrapped(middle_lon + east), Math.max(...lats)];
}

export function latOf(y: number): number {
  return (2 * Math.atan(Math.exp(y / A_M)) - Math.PI / 2) / RAD;
}

function mercatorY(lat: number): number {
  return A_M * Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2));
}

function wrapped(lon: number): number {
  return ((((lon + 180) % 360) + 360) % 360) - 180;
}
