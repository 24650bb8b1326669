/** Fetch a vector tile: 204 is an empty tile, 401 ends the session, anything else failed is counted for the notice. */
import type RenderFeature from "ol/render/Feature.js";
import type Tile from "ol/Tile.js";
import TileState from "ol/TileState.js";
import type VectorTile from "ol/VectorTile.js";
import { idleHeader, noteSignedOut } from "@/api/http";
import { createStore } from "@/lib/store";

/** Consecutive failures by the first part of the address; the interface says so when it is not 0. */
export const tileFailures = createStore<Readonly<Record<string, number>>>({});

export function loadTile(tile: Tile, url: string): void {
  const vectorTile = tile as VectorTile<RenderFeature>;
  vectorTile.setLoader((extent, _resolution, projection) => {
    void fetchTile(vectorTile, url, extent, projection);
  });
}

type Loader = Parameters<VectorTile<RenderFeature>["setLoader"]>[0];
type Extent = Parameters<Loader>[0];
type Projection = Parameters<Loader>[2];

async function fetchTile(tile: VectorTile<RenderFeature>, url: string, extent: Extent, projection: Projection) {
  const address = url.replace(/#.*$/, "");
  try {
    const response = await fetch(address, { credentials: "same-origin", headers: idleHeader() });
    if (response.status === 401) noteSignedOut();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const bytes = response.status === 204 ? null : await response.arrayBuffer();
    const features = bytes?.byteLength
      ? (tile.getFormat().readFeatures(bytes, { extent, featureProjection: projection }) as RenderFeature[])
      : [];
    tile.setFeatures(features);
    countFailure(address, false);
  } catch {
    countFailure(address, true);
    tile.setState(TileState.ERROR);
  }
}

export function countFailure(address: string, failed: boolean): void {
  const key = address.split("/").slice(1, 3).join("/");
  tileFailures.set((current) => {
    const before = current[key] ?? 0;
    const after = failed ? before + 1 : 0;
    return before === after ? current : { ...current, [key]: after };
  });
}
