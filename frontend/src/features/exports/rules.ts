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

export function download(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
