/** A mark at a position: the selection's ring, a search result's pin, the device's position with its accuracy. */
import Feature from "ol/Feature.js";
import Circle from "ol/geom/Circle.js";
import Point from "ol/geom/Point.js";
import { fromCircle } from "ol/geom/Polygon.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { LonLat } from "@/lib/coordinates";
import { type GridMap, Z } from "./grid-map";
import { labelInk, wrapLabel } from "./labels";
import { look, MAP_FONT } from "./look";

export interface Mark {
  show(position: LonLat, more?: { accuracy_m?: number | null; name?: string | undefined }): void;
  hide(): void;
  remove(): void;
}

export type MarkKind = "selection" | "pin" | "device";

export function addMark(map: GridMap, kind: MarkKind): Mark {
  const source = new VectorSource();
  const layer = new VectorLayer({
    source,
    zIndex: kind === "selection" ? Z.CUSTOMERS - 3 : Z.MARKS,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    style: () => styleOf(kind),
  });
  const area = new Feature<ReturnType<typeof fromCircle>>();
  area.setStyle(
    () =>
      new Style({
        fill: new Fill({ color: "rgba(43,110,214,.14)" }),
        stroke: new Stroke({ color: "rgba(43,110,214,.5)", width: 1 }),
      }),
  );
  const point = new Feature<Point>();
  const named = new VectorLayer({
    source,
    // Above the other labels and below the symbols: it is placed before them, and they keep clear of it.
    zIndex: Z.CUSTOMERS - 0.5,
    declutter: "labels",
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    style: (feature) => (feature === point ? nameStyle(String(point.get("name") ?? "")) : undefined),
  });
  const stops = [
    map.addLayer(layer),
    ...(kind === "selection" ? [map.addLayer(named)] : []),
    look.subscribe(() => {
      layer.changed();
      named.changed();
    }),
  ];
  return {
    show(position, { accuracy_m, name } = {}) {
      point.set("name", name);
      const at = fromLonLat([position.lon, position.lat]);
      point.setGeometry(new Point(at));
      if (accuracy_m) {
        // Web Mercator stretches with latitude: metres on the ground become more units of the projection.
        area.setGeometry(fromCircle(new Circle(at, accuracy_m / Math.cos((position.lat * Math.PI) / 180)), 64));
      } else {
        area.setGeometry(undefined);
      }
      if (!source.hasFeature(point)) source.addFeatures([area, point]);
    },
    hide: () => source.clear(),
    remove() {
      for (const stop of stops) stop();
    },
  };
}

/** The selected one's name is always there, whatever else wants the room. */
function nameStyle(name: string): Style | undefined {
  if (!name) return undefined;
  return new Style({
    text: new Text({
      text: wrapLabel(name),
      font: `680 13px ${MAP_FONT}`,
      ...labelInk(look.get().imagery ? "light" : look.get().theme),
      offsetY: 29,
      textBaseline: "top",
      declutterMode: "obstacle",
    }),
  });
}

function styleOf(kind: MarkKind): Style[] {
  const { theme, imagery } = look.get();
  const dark = theme === "dark" || imagery;
  if (kind === "selection") {
    const ink = dark ? "#8ad6ef" : "#084c66";
    return [
      new Style({
        image: new CircleStyle({
          radius: 24,
          fill: new Fill({ color: dark ? "rgba(92,195,228,.28)" : "rgba(11,98,130,.2)" }),
        }),
      }),
      new Style({
        image: new CircleStyle({
          radius: 23,
          stroke: new Stroke({ color: dark ? "rgba(7,16,22,.8)" : "#ffffff", width: 5 }),
        }),
      }),
      new Style({ image: new CircleStyle({ radius: 23, stroke: new Stroke({ color: ink, width: 2.5 }) }) }),
    ];
  }
  if (kind === "device") {
    return [
      new Style({
        image: new CircleStyle({
          radius: 7,
          fill: new Fill({ color: "#2b6ed6" }),
          stroke: new Stroke({ color: "#ffffff", width: 2.5 }),
        }),
      }),
    ];
  }
  return [new Style({ image: new Icon({ img: pinCanvas(), scale: 0.5, anchor: [0.5, 0.94] }) })];
}

let pin: HTMLCanvasElement | undefined;

function pinCanvas(): HTMLCanvasElement {
  if (pin) return pin;
  pin = document.createElement("canvas");
  pin.width = 64;
  pin.height = 80;
  const context = pin.getContext("2d");
  if (context) {
    context.scale(2, 2);
    context.beginPath();
    context.moveTo(16, 37);
    context.bezierCurveTo(10, 27, 5, 21, 5, 14);
    context.arc(16, 14, 11, Math.PI, 0);
    context.bezierCurveTo(27, 21, 22, 27, 16, 37);
    context.closePath();
    context.fillStyle = "#0b6282";
    context.strokeStyle = "#ffffff";
    context.lineWidth = 2;
    context.fill();
    context.stroke();
    context.beginPath();
    context.arc(16, 14, 4, 0, 2 * Math.PI);
    context.fillStyle = "#ffffff";
    context.fill();
  }
  return pin;
}
