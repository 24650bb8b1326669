/**
 * Draw a polygon, a circle or a corridor on the map, show it, and mark the customers inside. Circles and bands are
 * measured on the ground, not in the projection.
 */
import Feature from "ol/Feature.js";
import type Geometry from "ol/geom/Geometry.js";
import LineString from "ol/geom/LineString.js";
import MultiPoint from "ol/geom/MultiPoint.js";
import Point from "ol/geom/Point.js";
import Polygon, { circular } from "ol/geom/Polygon.js";
import Draw from "ol/interaction/Draw.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat, toLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import { getArea, getLength } from "ol/sphere.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { LonLat } from "@/lib/coordinates";
import { formatLength } from "@/lib/format";
import { distanceBetween_m, stepped } from "@/lib/geodesy";
import { type DrawnShape, type ShapeKind, shapeOf } from "@/lib/shapes";
import { type GridMap, Z } from "./grid-map";
import { ink } from "./ink";
import { look, MAP_FONT } from "./look";
import { zoomOfResolution } from "./scale";

export interface DraftProgress {
  corners: number;
  /** Radius of the circle, length of the corridor's line. */
  size_m: number | null;
}

export interface DrawingSession {
  removeLast(): void;
  finish(): void;
  leave(): void;
}

export interface DrawingOptions {
  /** Sentence for the hint bar. */
  hint: string;
  /** Of a corridor's band while it is drawn. */
  width_m: number;
  onProgress: (progress: DraftProgress) => void;
  onFinish: (shape: DrawnShape) => void;
  /** Enter came before a polygon had its three corners: it goes on being drawn. Without it, the drawing is given up. */
  onTooFew?: () => void;
  onLeave: () => void;
}

const CIRCLE_CORNERS = 96;
/** Below the one the server shows clusters, below the other symbols stand close and are drawn smaller. */
const SINGLE_FROM_ZOOM = 13;
const ROOM_FROM_ZOOM = 15.4;
/** Up to here a flat local grid on the ellipsoid is exact to the metre; beyond it the sphere is better. */
const FLAT_UP_TO_M = 20_000;

export function startDrawing(map: GridMap, kind: ShapeKind, options: DrawingOptions): DrawingSession {
  let corners = 0;
  let circle: { centre: LonLat; radius_m: number } | null = null;
  const draw = new Draw({
    type: kind === "corridor" ? "LineString" : kind === "circle" ? "Circle" : "Polygon",
    stopClick: true,
    style: (feature) => draftStyle(feature.getGeometry() as Geometry, map, kind, options.width_m, circle?.radius_m),
    condition: (event) => (event.originalEvent as PointerEvent).button === 0,
    freehandCondition: () => false,
    ...(kind === "circle"
      ? {
          geometryFunction: (coordinates, geometry) => {
            const [from, to] = coordinates as [number[], number[]];
            const [centre, edge] = [lonLatOf(from), lonLatOf(to)];
            circle = { centre, radius_m: distanceBetween_m(centre, edge) };
            const ring = circleRing(centre, Math.max(circle.radius_m, 0.5));
            const shown = (geometry as Polygon | undefined) ?? new Polygon([]);
            shown.setCoordinates([ring]);
            options.onProgress({ corners: 1, size_m: circle.radius_m });
            return shown;
          },
        }
      : {}),
  });

  draw.on("drawstart", ({ feature }) => {
    const geometry = feature.getGeometry();
    geometry?.on("change", () => {
      if (kind === "circle") return;
      const progress = progressOf(geometry);
      corners = progress.corners;
      options.onProgress(progress);
    });
  });
  draw.on("drawend", ({ feature }) => {
    const shape = finished(kind, feature.getGeometry(), circle, options.width_m);
    // OpenLayers is still inside its own event: leave the mode when it is through.
    setTimeout(() => {
      leave();
      if (shape) options.onFinish(shape);
    });
  });

  const stop = map.addInteraction(draw);
  const session: DrawingSession = {
    removeLast: () => (kind === "circle" ? draw.abortDrawing() : draw.removeLastPoint()),
    finish: () => {
      if (kind === "polygon" && corners < 3 && options.onTooFew) options.onTooFew();
      else draw.finishDrawing();
    },
    leave: () => leave(),
  };
  const leave = map.enterMode({
    id: `draw-${kind}`,
    hint: options.hint,
    onKey: ({ key }) => {
      if (key === "Enter") session.finish();
      else if (key === "Backspace" || key === "Delete") session.removeLast();
      else return false;
      return true;
    },
    onLeave: () => {
      draw.abortDrawing();
      stop();
      options.onLeave();
    },
  });
  document.getElementById("map")?.focus({ preventScroll: true });
  return session;
}

/** Null when it is too small to be meant: two corners on one spot, a circle of no size. */
function finished(
  kind: ShapeKind,
  geometry: Geometry | undefined,
  circle: { centre: LonLat; radius_m: number } | null,
  width_m: number,
): DrawnShape | null {
  if (kind === "circle") return circle && shapeOf("circle", [circle.centre], Math.round(circle.radius_m));
  if (geometry instanceof LineString) {
    return shapeOf("corridor", withoutRepeats(geometry.getCoordinates().map(lonLatOf)), width_m);
  }
  if (!(geometry instanceof Polygon)) return null;
  const ring = geometry.getLinearRing(0)?.getCoordinates().slice(0, -1) ?? [];
  return shapeOf("polygon", withoutRepeats(ring.map(lonLatOf)), 0);
}

/** A double click puts the last corner twice. */
export function withoutRepeats(positions: readonly LonLat[]): LonLat[] {
  return positions.filter(({ lon, lat }, index) => {
    const before = positions[index - 1];
    return !before || Math.abs(before.lon - lon) > 1e-7 || Math.abs(before.lat - lat) > 1e-7;
  });
}

function progressOf(geometry: Geometry | undefined): DraftProgress {
  if (geometry instanceof LineString) {
    return { corners: geometry.getCoordinates().length - 1, size_m: getLength(geometry) };
  }
  if (!(geometry instanceof Polygon)) return { corners: 0, size_m: null };
  // The ring holds the pointer's corner and the closing one.
  return { corners: Math.max(0, (geometry.getLinearRing(0)?.getCoordinates().length ?? 2) - 2), size_m: null };
}

export interface ShapeOnMap {
  show(shape: DrawnShape | null): void;
  mark(hits: readonly LonLat[]): void;
  remove(): void;
}

export function addShape(map: GridMap): ShapeOnMap {
  const source = new VectorSource();
  const marks = new VectorSource<Feature<MultiPoint>>();
  let shown: DrawnShape | null = null;
  const below = new VectorLayer({
    source,
    zIndex: Z.CUSTOMERS - 2,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    style: (feature) => shapeStyle(feature.getGeometry() as Geometry, map, shown),
  });
  const above = new VectorLayer({
    source: marks,
    zIndex: Z.CUSTOMERS - 1,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    style: (_, resolution) => hitStyle(zoomOfResolution(resolution)),
  });
  const stops = [
    map.addLayer(below),
    map.addLayer(above),
    look.subscribe(() => [below, above].map((l) => l.changed())),
  ];
  return {
    show(shape) {
      shown = shape;
      source.clear();
      if (shape) source.addFeature(new Feature(geometryOf(shape)));
    },
    mark(hits) {
      marks.clear();
      if (hits.length) {
        marks.addFeature(new Feature(new MultiPoint(hits.map(({ lon, lat }) => fromLonLat([lon, lat])))));
      }
    },
    remove() {
      for (const stop of stops) stop();
    },
  };
}

/** What a person compares: the area on the ground, and the length of a corridor's line. */
export function shapeSize(shape: DrawnShape): { area_m2: number; length_m: number | null } {
  if (shape.kind === "corridor") {
    const length_m = getLength(geometryOf(shape));
    return { area_m2: length_m * shape.width_m + (Math.PI * shape.width_m ** 2) / 4, length_m };
  }
  return { area_m2: getArea(geometryOf(shape)), length_m: null };
}

function geometryOf(shape: DrawnShape): Polygon | LineString {
  const projected = (positions: readonly LonLat[]) => positions.map(({ lon, lat }) => fromLonLat([lon, lat]));
  if (shape.kind === "corridor") return new LineString(projected(shape.line));
  if (shape.kind === "circle") return new Polygon([circleRing(shape.centre, shape.radius_m)]);
  const [first, ...rest] = projected(shape.ring);
  return new Polygon([first ? [first, ...rest, first] : []]);
}

/** The circle on the ground as a closed ring of the projection. */
function circleRing(centre: LonLat, radius_m: number): number[][] {
  if (radius_m > FLAT_UP_TO_M) {
    const ring = circular([centre.lon, centre.lat], radius_m, CIRCLE_CORNERS).transform("EPSG:4326", "EPSG:3857");
    return (ring as Polygon).getCoordinates()[0] ?? [];
  }
  return Array.from({ length: CIRCLE_CORNERS + 1 }, (_, corner) => {
    const angle = (corner / CIRCLE_CORNERS) * 2 * Math.PI;
    const { lon, lat } = stepped(centre, radius_m * Math.sin(angle), radius_m * Math.cos(angle));
    return fromLonLat([lon, lat]);
  });
}

function lonLatOf(coordinate: number[]): LonLat {
  const [lon = 0, lat = 0] = toLonLat(coordinate);
  return { lon, lat };
}

/** Width of the band on the screen: a metre on the ground has more pixels the farther it is from the equator. */
function bandWidth(map: GridMap, geometry: LineString, width_m: number): number {
  const [, lat = 0] = toLonLat(geometry.getCoordinateAt(0.5));
  const resolution = map.view.getResolution() ?? 1;
  return Math.max(1, width_m / (resolution * Math.cos((lat * Math.PI) / 180)));
}

function bandStyles(geometry: LineString, map: GridMap, width_m: number, lineDash: number[] | undefined): Style[] {
  const { accent, halo } = ink();
  const width = bandWidth(map, geometry, width_m);
  return [
    new Style({ stroke: new Stroke({ color: withAlpha(accent, 0.22), width }) }),
    new Style({ stroke: new Stroke({ color: halo, width: 5 }) }),
    new Style({ stroke: new Stroke({ color: accent, width: 2.5, ...(lineDash ? { lineDash } : {}) }) }),
  ];
}

function draftStyle(
  geometry: Geometry,
  map: GridMap,
  kind: ShapeKind,
  width_m: number,
  radius_m: number | undefined,
): Style[] {
  const { accent, halo, surface } = ink();
  if (geometry instanceof Point) {
    return [
      new Style({
        image: new CircleStyle({
          radius: 5,
          fill: new Fill({ color: surface }),
          stroke: new Stroke({ color: accent, width: 2.5 }),
        }),
      }),
    ];
  }
  if (geometry instanceof LineString && kind === "corridor") return bandStyles(geometry, map, width_m, [8, 5]);
  const text = kind === "circle" && radius_m && geometry instanceof Polygon ? radiusLabel(radius_m) : undefined;
  return [
    new Style({ stroke: new Stroke({ color: halo, width: 5 }), fill: new Fill({ color: withAlpha(accent, 0.14) }) }),
    new Style({ stroke: new Stroke({ color: accent, width: 2.5, lineDash: [8, 5] }) }),
    ...(text ? [new Style({ text })] : []),
  ];
}

function radiusLabel(radius_m: number): Text {
  const { text, halo } = ink();
  return new Text({
    text: formatLength(radius_m),
    font: `650 13px ${MAP_FONT}`,
    overflow: true,
    fill: new Fill({ color: text }),
    stroke: new Stroke({ color: halo, width: 4 }),
  });
}

function shapeStyle(geometry: Geometry, map: GridMap, shape: DrawnShape | null): Style[] {
  const { accent, halo } = ink();
  if (geometry instanceof LineString && shape?.kind === "corridor") {
    return bandStyles(geometry, map, shape.width_m, undefined);
  }
  return [
    new Style({ stroke: new Stroke({ color: halo, width: 5 }), fill: new Fill({ color: withAlpha(accent, 0.12) }) }),
    new Style({ stroke: new Stroke({ color: accent, width: 2.5 }) }),
  ];
}

/** A soft disc behind the symbol: shape and colour of the symbol stay readable. In a crowd a fine ring; a cluster has none. */
function hitStyle(zoom: number): Style[] {
  const { accent, halo } = ink();
  if (zoom < SINGLE_FROM_ZOOM) return [];
  if (zoom < ROOM_FROM_ZOOM) {
    return [new Style({ image: new CircleStyle({ radius: 11, stroke: new Stroke({ color: accent, width: 1.5 }) }) })];
  }
  return [
    new Style({
      image: new CircleStyle({
        radius: 19,
        fill: new Fill({ color: withAlpha(accent, 0.3) }),
        stroke: new Stroke({ color: halo, width: 3 }),
      }),
    }),
    new Style({ image: new CircleStyle({ radius: 18, stroke: new Stroke({ color: accent, width: 1.5 }) }) }),
  ];
}

function withAlpha(hex: string, alpha: number): string {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}
