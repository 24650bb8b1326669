/** Which datums a format can hold; how a finished file reaches the person. */
import type { DatumInfo, Format } from "@/api/exports";

const ALWAYS_WGS84: ReadonlySet<Format> = new Set(["geojson", "kml"]);
const BY_EPSG_CODE: ReadonlySet<Format> = new Set(["gpkg", "shp"]);

export function choicesOf(format: Format, datums: readonly DatumInfo[]): readonly DatumInfo[] {
  if (ALWAYS_WGS84.has(format)) return datums.filter(({ code }) => code === "WGS84");
  if (BY_EPSG_CODE.has(format)) return datums.filter(({ code }) => code !== "GCJ02" && code !== "BD09");
  return datums;
}

/** What the person chose last, where it is offered. */
export function kept(crs: string, offered: readonly DatumInfo[]): string {
  return offered.some(({ code }) => code === crs) ? crs : "WGS84";
}

/** Somebody waits for this file; a list that is older than `since` does not hold it yet. */
export interface Awaited {
  id: string;
  name: string;
  since: number;
}

/** Those of which the list, as old as it is, says that nothing more comes: written, failed, or removed. */
export function over(
  waiting: readonly Awaited[],
  files: readonly { id: string; state: string }[],
  readAt: number,
): readonly Awaited[] {
  return waiting.filter(({ id, since }) => readAt > since && files.find((file) => file.id === id)?.state !== "working");
}

export function download(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
