/** Imagery below the map: raster tiles of the server. */
import type ImageTile from "ol/ImageTile.js";
import TileLayer from "ol/layer/Tile.js";
import { transformExtent } from "ol/proj.js";
import XYZ from "ol/source/XYZ.js";
import type Tile from "ol/Tile.js";
import TileState from "ol/TileState.js";
import { idleHeader, noteSignedOut } from "@/api/http";
import { basemapsQuery } from "@/api/map-info";
import { queryClient } from "@/api/query-client";
import type { BasemapInfo } from "@/api/types";
import { type GridMap, Z } from "./grid-map";
import { look } from "./look";
import { countFailure } from "./tile-loading";
import { watchMissing } from "./watch-missing";

/** A picture that says that the source is down: drawn, and asked for again. */
const NOTICE = 203;

export function addImagery(map: GridMap, info: BasemapInfo): () => void {
  const missing = watchMissing({
    isThere: async (address) => (await ask(address)).status === 200,
    onBack: () => {
      // What came before is in the browser's cache; only the notices are asked for again.
      source.refresh();
      void queryClient.invalidateQueries(basemapsQuery);
    },
  });
  const source = new XYZ({
    url: info.url,
    minZoom: info.min_zoom,
    maxZoom: info.max_zoom,
    transition: 150,
    interpolate: true,
    tileLoadFunction: (tile, address) => void load(tile, address, missing.add),
  });
  const layer = new TileLayer({
    source,
    zIndex: Z.BASE,
    // Drawn at half their size, and no smaller: a view of the world would ask for thousands.
    minZoom: info.min_zoom - 1,
    background: look.get().theme === "dark" ? "#10171e" : "#dfe4e7",
    ...(info.bounds ? { extent: transformExtent([...info.bounds], "EPSG:4326", "EPSG:3857") } : {}),
  });
  const remove = map.addLayer(layer);
  return () => {
    missing.stop();
    remove();
  };
}

/** An <img> would not tell a picture from a notice: their status differs, and only fetch sees it. */
async function load(tile: Tile, address: string, onMissing: (address: string) => void): Promise<void> {
  try {
    const response = await ask(address);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    show((tile as ImageTile).getImage() as HTMLImageElement, await response.blob());
    countFailure(address, response.status === NOTICE);
    if (response.status === NOTICE) onMissing(address);
  } catch {
    countFailure(address, true);
    onMissing(address);
    tile.setState(TileState.ERROR);
  }
}

async function ask(address: string): Promise<Response> {
  const response = await fetch(address, { credentials: "same-origin", headers: idleHeader() });
  if (response.status === 401) noteSignedOut();
  return response;
}

function show(image: HTMLImageElement, picture: Blob): void {
  const address = URL.createObjectURL(picture);
  for (const end of ["load", "error"]) image.addEventListener(end, () => URL.revokeObjectURL(address), { once: true });
  image.src = address;
}
