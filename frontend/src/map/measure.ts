/** Measure on the ellipsoid: click the corners, double-click or Enter ends, Backspace takes the last corner back. */
import type Geometry from "ol/geom/Geometry.js";
import LineString from "ol/geom/LineString.js";
import Polygon from "ol/geom/Polygon.js";
import Draw from "ol/interaction/Draw.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { getArea, getLength } from "ol/sphere.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { type GridMap, Z } from "./grid-map";

export type MeasureKind = "length" | "area";

export interface Measured {
  length_m: number;
  area_m2: number | null;
  corners: number;
  done: boolean;
}

/** Start measuring. Returns how to stop; everything drawn goes with it. */
export function startMeasure(
  map: GridMap,
  kind: MeasureKind,
  { hint, onChange, onLeave }: { hint: string; onChange: (measured: Measured | null) => void; onLeave: () => void },
): () => void {
  const source = new VectorSource();
  const layer = new VectorLayer({ source, zIndex: Z.TOP, style: measureStyle() });
  const draw = new Draw({
    source,
    type: kind === "length" ? "LineString" : "Polygon",
    style: measureStyle(),
    stopClick: true,
    // Several measurements one after the other would hide what the number belongs to.
    condition: (event) => (event.originalEvent as PointerEvent).button === 0,
  });
  const report = (geometry: Geometry | undefined, done: boolean) => {
    if (geometry instanceof LineString) {
      onChange({ length_m: getLength(geometry), area_m2: null, corners: geometry.getCoordinates().length, done });
    } else if (geometry instanceof Polygon) {
      const ring = geometry.getLinearRing(0);
      const outline = ring ? new LineString(ring.getCoordinates()) : null;
      onChange({
        length_m: outline ? getLength(outline) : 0,
        area_m2: getArea(geometry),
        corners: (ring?.getCoordinates().length ?? 1) - 1,
        done,
      });
    }
  };
  draw.on("drawstart", (event) => {
    source.clear();
    const geometry = event.feature.getGeometry();
    geometry?.on("change", () => report(geometry, false));
  });
  draw.on("drawend", (event) => report(event.feature.getGeometry(), true));
  draw.on("drawabort", () => onChange(null));

  const stops = [map.addLayer(layer), map.addInteraction(draw)];
  return map.enterMode({
    id: `measure-${kind}`,
    hint,
    onKey: (event) => {
      if (event.key === "Enter") draw.finishDrawing();
      else if (event.key === "Backspace") draw.removeLastPoint();
      else return false;
      return true;
    },
    onLeave: () => {
      for (const stop of stops) stop();
      onLeave();
    },
  });
}

function measureStyle(): Style[] {
  return [
    new Style({
      stroke: new Stroke({ color: "rgba(255,255,255,.9)", width: 5 }),
      fill: new Fill({ color: "rgba(11,98,130,.14)" }),
    }),
    new Style({
      stroke: new Stroke({ color: "#0b6282", width: 2.5, lineDash: [8, 5] }),
      image: new CircleStyle({
        radius: 5,
        fill: new Fill({ color: "#ffffff" }),
        stroke: new Stroke({ color: "#0b6282", width: 2.5 }),
      }),
    }),
  ];
}
