/** The way a customer's point has gone: numbered places in order, lines between, the one of the replay marked. */
import Feature from "ol/Feature.js";
import LineString from "ol/geom/LineString.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { LonLat } from "@/lib/coordinates";
import { isLong } from "./edit";
import { type GridMap, Z } from "./grid-map";
import { ink } from "./ink";
import { look, MAP_FONT } from "./look";

export interface Track {
  /** Places in the order of time; `current` is an index into them. */
  show(places: readonly LonLat[], current: number): void;
  remove(): void;
}

export function addTrack(map: GridMap): Track {
  const source = new VectorSource();
  const layer = new VectorLayer({
    source,
    zIndex: Z.MARKS + 5,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    style: (feature, resolution) =>
      styleOf(feature.getProperties() as Leg | Stop, isLong(feature.getGeometry(), resolution)),
  });
  const stops = [map.addLayer(layer), look.subscribe(() => layer.changed())];
  return {
    show(places, current) {
      source.clear(true);
      const coordinates = places.map(({ lon, lat }) => fromLonLat([lon, lat]));
      coordinates.slice(1).forEach((to, index) => {
        const leg = new Feature(new LineString([coordinates[index] ?? to, to]));
        leg.setProperties({ kind: "leg", past: index + 1 <= current } satisfies Leg);
        source.addFeature(leg);
      });
      coordinates.forEach((at, index) => {
        const stop = new Feature(new Point(at));
        stop.setProperties({ kind: "stop", number: index + 1, current: index === current, past: index <= current });
        source.addFeature(stop);
      });
    },
    remove() {
      for (const stop of stops) stop();
    },
  };
}

interface Leg {
  kind: "leg";
  past: boolean;
}

interface Stop {
  kind: "stop";
  number: number;
  current: boolean;
  past: boolean;
}

function styleOf(what: Leg | Stop, long: boolean): Style[] {
  const colors = ink();
  if (what.kind === "leg") {
    return [
      new Style({ stroke: new Stroke({ color: colors.halo, width: 6, lineCap: "round" }), zIndex: 0 }),
      new Style({
        stroke: new Stroke({
          color: colors.accent,
          width: what.past ? 3 : 2,
          lineCap: "round",
          ...(what.past || long ? {} : { lineDash: [2, 6] }),
        }),
        zIndex: 1,
      }),
    ];
  }
  const { number, current, past } = what;
  return [
    new Style({
      image: new CircleStyle({
        radius: current ? 15 : 11,
        fill: new Fill({ color: current ? colors.accent : colors.surface }),
        stroke: new Stroke({ color: current ? colors.halo : colors.accent, width: current ? 3 : 2 }),
      }),
      text: new Text({
        text: String(number),
        font: `${current ? 700 : 600} ${current ? 13 : 11}px ${MAP_FONT}`,
        fill: new Fill({ color: current ? colors.onAccent : colors.text }),
        offsetY: 1,
      }),
      zIndex: current ? 1_000 : past ? 10 + number : 5,
    }),
  ];
}
