/** Layer "customers": symbols by grade, status and class from z13; clusters below. */
import Circle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import type { LayerInfo } from "@/api/types";
import { type GridMap, Z } from "@/map/grid-map";
import type { LayerHandle } from "./layer-handle";
import { MvtLayer } from "./mvt-layer";

const dot = new Style({
  image: new Circle({
    radius: 6,
    fill: new Fill({ color: "#1a7a55" }),
    stroke: new Stroke({ color: "#fff", width: 2 }),
  }),
});

export function customersLayer(map: GridMap, info: LayerInfo): LayerHandle {
  return new MvtLayer(map, info, { zIndex: Z.CUSTOMERS, style: () => dot, selectable: () => true });
}
