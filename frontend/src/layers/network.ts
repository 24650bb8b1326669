/** Layer "network". */
import type { LayerInfo } from "@/api/types";
import type { GridMap } from "@/map/grid-map";
import type { LayerHandle } from "./layer-handle";
import { MvtLayer } from "./mvt-layer";

export function networkLayer(map: GridMap, info: LayerInfo): LayerHandle {
  return new MvtLayer(map, info, { zIndex: 20, style: () => undefined });
}
