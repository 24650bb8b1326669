/** What an import would do, on the map: new customers as points, moves as lines from the old to the new place. */
import Feature from "ol/Feature.js";
import LineString from "ol/geom/LineString.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat, toLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import RegularShape from "ol/style/RegularShape.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { LonLat } from "@/lib/coordinates";
import { isLong } from "./edit";
import { type GridMap, type Hit, Z } from "./grid-map";
import { type Ink, ink } from "./ink";
import { look, MAP_FONT, perLook } from "./look";

/** As it is selected: `#sel=import:12` is row 12. */
export const IMPORT_LAYER = "import";

export type DiffKind = "new" | "moved" | "far";

/** One row of the file on the map; `from` for moved ones. */
export interface DiffMark {
  row_no: number;
  kind: DiffKind;
  to: LonLat;
  from: LonLat | null;
  /** What the pointer is told. */
  name: string;
}

export interface DiffOnMap {
  show(marks: readonly DiffMark[]): void;
  /** Also where no mark is: a changed customer stays where it is. */
  ring(at: LonLat | null): void;
  remove(): void;
}

export function addDiff(map: GridMap): DiffOnMap {
  const source = new VectorSource();
  const layer = new VectorLayer({
    source,
    className: "import-diff",
    zIndex: Z.MARKS + 4,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    style: (feature, resolution) =>
      styles()[feature.get("kind") as DiffKind | "selected"][
        isLong(feature.getGeometry(), resolution) ? "long" : "short"
      ],
  });
  const selected = new Feature<Point>();
  selected.set("kind", "selected");
  const stops = [
    map.addLayer(layer),
    map.addPicker((pixel, tolerance) => hitsAt(map, layer, pixel, tolerance)),
    look.subscribe(() => layer.changed()),
  ];
  return {
    show(marks) {
      source.clear(true);
      source.addFeatures(marks.map(featureOf));
      if (selected.getGeometry()) source.addFeature(selected);
    },
    ring(at) {
      if (source.hasFeature(selected)) source.removeFeature(selected);
      selected.setGeometry(at ? new Point(coordinateOf(at)) : undefined);
      if (at) source.addFeature(selected);
    },
    remove() {
      for (const stop of stops) stop();
    },
  };
}

function featureOf({ row_no, kind, from, to, name }: DiffMark): Feature {
  const geometry = from ? new LineString([coordinateOf(from), coordinateOf(to)]) : new Point(coordinateOf(to));
  const feature = new Feature(geometry);
  feature.setProperties({ row_no, kind, name });
  return feature;
}

function coordinateOf({ lon, lat }: LonLat): number[] {
  return fromLonLat([lon, lat]);
}

/** At its new place, whatever of it the pointer is on: a customer that stands at the old one keeps its own clicks. */
function hitsAt(map: GridMap, layer: VectorLayer, pixel: readonly [number, number], tolerance: number): Hit[] {
  const hits = new Map<number, Hit>();
  map.ol.forEachFeatureAtPixel(
    [...pixel],
    (feature) => {
      const id = feature.get("row_no") as number | undefined;
      const geometry = feature.getGeometry();
      if (id === undefined) return;
      const end = geometry instanceof LineString ? geometry.getLastCoordinate() : (geometry as Point).getCoordinates();
      const [lon = 0, lat = 0] = toLonLat(end);
      hits.set(id, { layer: IMPORT_LAYER, id, lonLat: { lon, lat }, properties: { name: feature.get("name") } });
    },
    { layerFilter: (candidate) => candidate === layer, hitTolerance: tolerance },
  );
  return [...hits.values()];
}

interface Looks {
  short: Style[];
  /** Longer than a canvas can dash. */
  long: Style[];
}

const styles = perLook((): Record<DiffKind | "selected", Looks> => {
  const colors = ink();
  const both = (made: Style[]): Looks => ({ short: made, long: made });
  return {
    new: both(newStyles(colors)),
    moved: both(moveStyles(colors, colors.accent, {})),
    far: {
      short: moveStyles(colors, colors.warning, { dash: [7, 5], sign: "!" }),
      long: moveStyles(colors, colors.warning, { sign: "!" }),
    },
    selected: both([
      new Style({
        image: new CircleStyle({ radius: 17, stroke: new Stroke({ color: colors.halo, width: 6 }) }),
        zIndex: 8,
      }),
      new Style({
        image: new CircleStyle({ radius: 17, stroke: new Stroke({ color: colors.text, width: 3 }) }),
        zIndex: 9,
      }),
    ]),
  };
});

function newStyles({ normal, surface, halo }: Ink): Style[] {
  return [
    new Style({
      image: new CircleStyle({
        radius: 9,
        fill: new Fill({ color: normal }),
        stroke: new Stroke({ color: halo, width: 2.5 }),
      }),
      zIndex: 3,
    }),
    new Style({
      image: new RegularShape({ points: 4, radius: 5, radius2: 0, stroke: new Stroke({ color: surface, width: 2.2 }) }),
      zIndex: 4,
    }),
  ];
}

function moveStyles(
  { halo, surface }: Ink,
  color: string,
  { dash, sign = "" }: { dash?: number[]; sign?: string },
): Style[] {
  const oldPlace = (feature: { getGeometry(): unknown }) => {
    const geometry = feature.getGeometry();
    return geometry instanceof LineString ? new Point(geometry.getFirstCoordinate()) : undefined;
  };
  const newPlace = (feature: { getGeometry(): unknown }) => {
    const geometry = feature.getGeometry();
    return geometry instanceof LineString ? new Point(geometry.getLastCoordinate()) : (geometry as Point);
  };
  const stroke = new Stroke({ color, width: 2.5, lineCap: "round", ...(dash ? { lineDash: dash } : {}) });
  return [
    new Style({ stroke: new Stroke({ color: halo, width: 6, lineCap: "round" }), zIndex: 0 }),
    new Style({ stroke, zIndex: 1 }),
    new Style({
      geometry: oldPlace as never,
      image: new CircleStyle({
        radius: 5,
        fill: new Fill({ color: surface }),
        stroke: new Stroke({ color, width: 2 }),
      }),
      zIndex: 2,
    }),
    new Style({
      geometry: newPlace as never,
      image: new CircleStyle({ radius: 8, fill: new Fill({ color }), stroke: new Stroke({ color: halo, width: 2.5 }) }),
      text: new Text({ text: sign, font: `800 12px ${MAP_FONT}`, fill: new Fill({ color: surface }), offsetY: 1 }),
      zIndex: 3,
    }),
  ];
}
