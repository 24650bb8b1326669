/** Imagery below the map: raster tiles of the server. */
import TileLayer from "ol/layer/Tile.js";
import { transformExtent } from "ol/proj.js";
import XYZ from "ol/source/XYZ.js";
import type { BasemapInfo } from "@/api/types";
import { type GridMap, Z } from "./grid-map";
import { look } from "./look";
import { countFailure } from "./tile-loading";

export function addImagery(map: GridMap, info: BasemapInfo): () => void {
  const source = new XYZ({
    url: info.url,
    minZoom: info.min_zoom,
    maxZoom: info.max_zoom,
    transition: 150,
    interpolate: true,
  });
  source.on("tileloaderror", () => countFailure(info.url, true));
  source.on("tileloadend", () => countFailure(info.url, false));
  const layer = new TileLayer({
    source,
    zIndex: Z.BASE,
    background: look.get().theme === "dark" ? "#10171e" : "#dfe4e7",
    ...(info.bounds ? { extent: transformExtent([...info.bounds], "EPSG:4326", "EPSG:3857") } : {}),
  });
  return map.addLayer(layer);
}
