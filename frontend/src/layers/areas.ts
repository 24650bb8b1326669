/** Layer "areas": outlines of counties and service areas, named while there is room for it. */
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { LayerInfo } from "@/api/types";
import { type GridMap, Z } from "@/map/grid-map";
import { MAP_FONT, perLook } from "@/map/look";
import { zoomOfResolution } from "@/map/scale";
import type { LayerHandle } from "./layer-handle";
import { MvtLayer } from "./mvt-layer";

const styles = perLook(({ theme, imagery, language }) => {
  const dark = theme === "dark" || imagery;
  const colour = dark ? "#8fa6d6" : "#5a6ea8";
  const cache = new Map<string, Style>();
  return (kind: string, name: string, name_zh: string, zoom: number): Style => {
    const text = zoom >= 8 && zoom < 13.5 ? (language === "zh" && name_zh ? name_zh : name) : "";
    const key = `${kind}|${text}`;
    let style = cache.get(key);
    if (!style) {
      style = new Style({
        stroke: new Stroke({
          color: colour,
          width: kind === "county" ? 1.2 : 1.4,
          lineDash: kind === "county" ? [1, 4] : [10, 5],
        }),
        ...(text
          ? {
              text: new Text({
                text,
                font: `600 11px ${MAP_FONT}`,
                fill: new Fill({ color: colour }),
                stroke: new Stroke({ color: dark ? "rgba(8,14,19,.85)" : "rgba(255,255,255,.85)", width: 3 }),
                overflow: true,
              }),
            }
          : {}),
        zIndex: kind === "county" ? 1 : 2,
      });
      cache.set(key, style);
    }
    return style;
  };
});

export function areasLayer(map: GridMap, info: LayerInfo): LayerHandle {
  return new MvtLayer(map, info, {
    zIndex: Z.AREAS,
    declutter: "labels",
    style: (_part, feature, resolution) =>
      styles()(
        String(feature.get("kind") ?? ""),
        String(feature.get("name") ?? ""),
        String(feature.get("name_zh") ?? ""),
        zoomOfResolution(resolution),
      ),
  });
}
