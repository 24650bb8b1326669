/** A layer the browser has no module for. */
import type { LayerInfo } from "@/api/types";
import type { GridMap } from "@/map/grid-map";
import type { LayerHandle } from "./layer-handle";
import { MvtLayer } from "./mvt-layer";

export function otherLayer(map: GridMap, info: LayerInfo): LayerHandle {
  return new MvtLayer(map, info, { zIndex: 30, style: () => undefined });
}
