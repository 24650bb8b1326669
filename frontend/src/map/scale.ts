/** A scale bar that is right where the map is looked at: Web Mercator stretches with latitude. */
import { formatLength } from "@/lib/format";

const EQUATOR_M_PER_PX = 156_543.03392804097;

/** Ground metres of one CSS pixel at this latitude and zoom. */
export function metresPerPixel({ lat, zoom }: { lat: number; zoom: number }): number {
  return (EQUATOR_M_PER_PX * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;
}

/** Zoom of the map (256 px tiles, as in the address) from the resolution that styles get. */
export function zoomOfResolution(resolution: number): number {
  return Math.log2(EQUATOR_M_PER_PX / resolution);
}

/** The longest round length (1, 2 or 5 times a power of ten) that fits into `max_px`. */
export function scaleBar(view: { lat: number; zoom: number }, max_px = 110): { width_px: number; label: string } {
  const resolution = metresPerPixel(view);
  const most_m = resolution * max_px;
  const power = 10 ** Math.floor(Math.log10(most_m));
  const length_m = [5, 2, 1].map((step) => step * power).find((length) => length <= most_m) ?? power;
  const label = length_m >= 1_000 ? `${length_m / 1_000} km` : length_m >= 1 ? `${length_m} m` : formatLength(length_m);
  return { width_px: Math.round(length_m / resolution), label };
}
