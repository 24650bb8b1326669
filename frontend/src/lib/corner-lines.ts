/** Positions typed one per line: the corners of a shape for whoever does not draw. */
import { type LonLat, readCoordinates } from "./coordinates";
import { distanceBetween_m } from "./geodesy";

/** One position per line. Of two possible orders the one nearer to what the map shows is meant. */
export function readLines(text: string, near: LonLat): { positions: LonLat[]; wrongLine: number | null } {
  const positions: LonLat[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.trim()) continue;
    const [nearest] = readCoordinates(line).sort((a, b) => distanceBetween_m(a, near) - distanceBetween_m(b, near));
    if (!nearest) return { positions, wrongLine: index + 1 };
    positions.push({ lon: nearest.lon, lat: nearest.lat });
  }
  return { positions, wrongLine: null };
}
