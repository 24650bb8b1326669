/** The tile that shows a whole extent. */

/** Return the deepest tile around the middle of the box that is about as large as the box (west, south, east, north in degrees). */
export function tileOver(bounds: readonly number[], maxZoom: number): { z: number; x: number; y: number } {
  const [west = 0, south = 0, east = 0, north = 0] = bounds;
  const lat = (Math.max(-85, Math.min(85, (south + north) / 2)) * Math.PI) / 180;
  const wide_deg = Math.max(east - west, (north - south) / Math.cos(lat), 1e-6);
  const z = Math.max(0, Math.min(maxZoom, Math.round(Math.log2(360 / wide_deg))));
  const across = 2 ** z;
  const x = Math.floor((((west + east) / 2 + 180) / 360) * across);
  const y = Math.floor(((1 - Math.asinh(Math.tan(lat)) / Math.PI) / 2) * across);
  return { z, x: Math.min(Math.max(x, 0), across - 1), y: Math.min(Math.max(y, 0), across - 1) };
}
