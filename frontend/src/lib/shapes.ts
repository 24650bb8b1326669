/** Shapes that a person draws, and how they stand in the address: `draw=circle:500~24.94100,60.17200`. */
import { isOnEarth, type LonLat } from "./coordinates";

export type ShapeKind = "polygon" | "circle" | "corridor";

export type DrawnShape =
  /** Corners in order; the last one is joined to the first. */
  | { kind: "polygon"; ring: readonly LonLat[] }
  | { kind: "circle"; centre: LonLat; radius_m: number }
  /** Everything within half of the width on both sides of the line, with round ends. */
  | { kind: "corridor"; line: readonly LonLat[]; width_m: number };

export const SHAPE_KINDS: readonly ShapeKind[] = ["polygon", "circle", "corridor"];

/** What the server accepts. */
export const RADIUS_M = { least: 1, most: 200_000 } as const;
export const WIDTH_M = { least: 1, most: 50_000 } as const;
const MOST_CORNERS = 1_000;
const DECIMALS = 6;

export function formatShape(shape: DrawnShape): string {
  if (shape.kind === "circle") return `circle:${round(shape.radius_m)}~${formatPosition(shape.centre)}`;
  if (shape.kind === "corridor") return `corridor:${round(shape.width_m)}~${shape.line.map(formatPosition).join("~")}`;
  return `polygon:${shape.ring.map(formatPosition).join("~")}`;
}

/** Null for anything that is not a shape the server would accept: an address may be typed or cut off. */
export function parseShape(text: string | undefined): DrawnShape | null {
  const [kind, rest] = /^(polygon|circle|corridor):(.+)$/.exec(text ?? "")?.slice(1) ?? [];
  if (!kind || !rest) return null;
  const parts = rest.split("~");
  const size_m = kind === "polygon" ? 0 : Number(parts.shift());
  const positions = parts.map(parsePosition);
  if (positions.length > MOST_CORNERS || positions.some((position) => position === null)) return null;
  return shapeOf(kind as ShapeKind, positions as LonLat[], size_m);
}

/** The shape through these positions, or null when they are too few or the size is out of range. */
export function shapeOf(kind: ShapeKind, positions: readonly LonLat[], size_m: number): DrawnShape | null {
  const [centre] = positions;
  if (kind === "circle") {
    return centre && isWithin(size_m, RADIUS_M) ? { kind, centre, radius_m: size_m } : null;
  }
  if (kind === "corridor") {
    return positions.length >= 2 && isWithin(size_m, WIDTH_M) ? { kind, line: positions, width_m: size_m } : null;
  }
  return positions.length >= 3 ? { kind, ring: positions } : null;
}

export function isWithin(size_m: number, { least, most }: { least: number; most: number }): boolean {
  return Number.isFinite(size_m) && size_m >= least && size_m <= most;
}

/** Every position that the shape's outline or axis goes through: what a view has to hold. */
export function positionsOf(shape: DrawnShape): readonly LonLat[] {
  if (shape.kind === "polygon") return shape.ring;
  if (shape.kind === "corridor") return shape.line;
  const { centre, radius_m } = shape;
  const north = radius_m / 111_320;
  const east = north / Math.max(0.05, Math.cos((centre.lat * Math.PI) / 180));
  return [
    { lon: centre.lon - east, lat: centre.lat - north },
    { lon: centre.lon + east, lat: centre.lat + north },
  ];
}

function formatPosition({ lon, lat }: LonLat): string {
  return `${round(lon)},${round(lat)}`;
}

function round(value: number): string {
  return String(Number(value.toFixed(DECIMALS)));
}

function parsePosition(text: string): LonLat | null {
  const [lon, lat, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (lon === undefined || lat === undefined || more.length) return null;
  return isOnEarth({ lon, lat }) && Math.abs(lat) <= 85 ? { lon, lat } : null;
}
