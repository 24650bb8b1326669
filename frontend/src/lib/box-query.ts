/** The query for what can be seen of the map: west, south, east, north. */
export type BoxQuery = { bbox: string } | { located: true };

/** A view that holds the whole world, or crosses the antimeridian, has no box: everything with a location is in it. */
export function boxQuery([west, south, east, north]: readonly [number, number, number, number]): BoxQuery {
  const [w, s] = [Math.max(-180, west), Math.max(-85, south)];
  const [e, n] = [Math.min(180, east), Math.min(85, north)];
  if (!(w < e && s < n) || east - west >= 360) return { located: true };
  return { bbox: [w, s, e, n].map((degrees) => degrees.toFixed(5)).join(",") };
}
