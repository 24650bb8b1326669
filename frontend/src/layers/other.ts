/** A layer the browser has no module for: drawn plainly, so that a new declaration of the server is seen at once. */
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import type { LayerInfo } from "@/api/types";
import type { GridMap } from "@/map/grid-map";
import { perLook } from "@/map/look";
import type { LayerHandle } from "./layer-handle";
import { MvtLayer } from "./mvt-layer";

const plain = perLook(({ theme }) => {
  const color = theme === "dark" ? "#a9b8c4" : "#4d5d69";
  return new Style({
    stroke: new Stroke({ color, width: 1.5 }),
    image: new CircleStyle({ radius: 4, fill: new Fill({ color }), stroke: new Stroke({ color: "#fff", width: 1 }) }),
  });
});

export function otherLayer(map: GridMap, info: LayerInfo): LayerHandle {
  return new MvtLayer(map, info, { zIndex: 30, style: () => plain(), selectable: () => true });
}
