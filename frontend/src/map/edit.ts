/**
 * A position while it is being chosen: the symbol to drag, where it came from, the line between; and, when two people
 * moved the same one, all three places. Nothing here is stored: `onMove` tells, the feature decides.
 */
import Feature from "ol/Feature.js";
import LineString from "ol/geom/LineString.js";
import Point from "ol/geom/Point.js";
import PointerInteraction from "ol/interaction/Pointer.js";
import VectorLayer from "ol/layer/Vector.js";
import type MapBrowserEvent from "ol/MapBrowserEvent.js";
import { fromLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { CustomerStatus, Grade } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import { type GridMap, Z } from "./grid-map";
import { ink } from "./ink";
import { look, MAP_FONT, perLook } from "./look";
import { ringOf, symbolCanvas } from "./symbols";

export interface EditedSymbol {
  grade: Grade;
  status: CustomerStatus;
  classes: readonly string[];
}

export interface PositionEditorOptions {
  symbol: () => EditedSymbol;
  /** While dragging, at most once a frame, and once more when dropped. */
  onMove: (to: LonLat, dropped: boolean) => void;
}

/** Three places to choose from: a where it started, b mine, c theirs. Letters and words, not colour alone. */
export interface Comparison {
  start: LonLat | null;
  mine: LonLat | null;
  theirs: LonLat | null;
}

const REACH_PX = { mouse: 20, touch: 34 } as const;

type Role = "from" | "to" | "way" | "start" | "mine" | "theirs" | "myWay" | "theirWay";

export class PositionEditor {
  private readonly map: GridMap;
  private readonly options: PositionEditorOptions;
  private readonly source = new VectorSource();
  private readonly layer: VectorLayer;
  private readonly stops: (() => void)[];
  private to: LonLat | null = null;
  private dragging = false;

  constructor(map: GridMap, options: PositionEditorOptions) {
    this.map = map;
    this.options = options;
    this.layer = new VectorLayer({
      source: this.source,
      zIndex: Z.DRAFT,
      updateWhileAnimating: true,
      updateWhileInteracting: true,
      style: (feature, resolution) =>
        this.styleOf(feature.get("role") as Role, isLong(feature.getGeometry(), resolution)),
    });
    this.stops = [
      map.addLayer(this.layer),
      map.addInteraction(this.dragInteraction()),
      look.subscribe(() => this.layer.changed()),
    ];
  }

  show(from: LonLat | null, to: LonLat | null): void {
    this.to = to;
    this.draw({ from, to, way: [from, to] });
  }

  compare({ start, mine, theirs }: Comparison): void {
    this.to = null;
    this.draw({ myWay: [start, mine], theirWay: [start, theirs], start, theirs, mine });
  }

  /** The symbol's look changed (another grade was chosen in a form). */
  repaint(): void {
    this.layer.changed();
  }

  remove(): void {
    for (const stop of this.stops) stop();
  }

  private draw(places: Partial<Record<Role, LonLat | null | readonly (LonLat | null)[]>>): void {
    this.source.clear(true);
    for (const [role, place] of Object.entries(places)) {
      const geometry = geometryOf(place ?? null);
      if (!geometry) continue;
      const feature = new Feature<Point | LineString>(geometry);
      feature.set("role", role);
      this.source.addFeature(feature);
    }
  }

  private dragInteraction(): PointerInteraction {
    let grip: readonly [number, number] = [0, 0];
    let frame = 0;
    const positionAt = (event: MapBrowserEvent): LonLat =>
      this.map.lonLatAt([(event.pixel[0] ?? 0) - grip[0], (event.pixel[1] ?? 0) - grip[1]]);
    return new PointerInteraction({
      handleDownEvent: (event: MapBrowserEvent) => {
        const touch = (event.originalEvent as PointerEvent).pointerType === "touch";
        const pixel = this.to && this.map.pixelOf(this.to);
        if (!pixel) return false;
        grip = [(event.pixel[0] ?? 0) - pixel[0], (event.pixel[1] ?? 0) - pixel[1]];
        this.dragging = Math.hypot(...grip) <= REACH_PX[touch ? "touch" : "mouse"];
        if (this.dragging) this.setCursor("grabbing");
        return this.dragging;
      },
      handleDragEvent: (event: MapBrowserEvent) => {
        const to = positionAt(event);
        cancelAnimationFrame(frame);
        frame = requestAnimationFrame(() => this.options.onMove(to, false));
      },
      handleUpEvent: (event: MapBrowserEvent) => {
        cancelAnimationFrame(frame);
        this.dragging = false;
        this.setCursor("grab");
        this.options.onMove(positionAt(event), true);
        return false;
      },
      handleMoveEvent: (event: MapBrowserEvent) => {
        const pixel = this.to && this.map.pixelOf(this.to);
        if (!pixel || this.dragging) return;
        const far = Math.hypot((event.pixel[0] ?? 0) - pixel[0], (event.pixel[1] ?? 0) - pixel[1]) > REACH_PX.mouse;
        this.setCursor(far ? (this.map.mode.get()?.cursor ?? "") : "grab");
      },
    });
  }

  private setCursor(cursor: string): void {
    const element = this.map.ol.getViewport();
    if (element && element.style.cursor !== cursor) element.style.cursor = cursor;
  }

  private styleOf(role: Role, long: boolean): Style[] {
    const colors = ink();
    switch (role) {
      case "way":
        return lineStyles(colors.accent, colors.halo, long ? undefined : [2, 7]);
      case "myWay":
        return lineStyles(colors.accent, colors.halo);
      case "theirWay":
        return lineStyles(colors.warning, colors.halo);
      case "from":
        return [
          circle(9, { stroke: colors.halo, width: 5 }),
          circle(9, { stroke: colors.accent, width: 2, dash: [4, 3] }),
          circle(2.5, { fill: colors.accent }),
        ];
      case "to": {
        const { grade, status, classes } = this.options.symbol();
        const { theme, imagery } = look.get();
        return [
          new Style({ image: new Icon({ img: grip(), scale: 0.5 }) }),
          new Style({
            image: new Icon({
              img: symbolCanvas({ grade, status, ring: ringOf(classes), theme: imagery ? "light" : theme }),
              scale: 0.5,
            }),
          }),
        ];
      }
      case "start":
        return lettered("A", colors.surface, colors.text, colors.text);
      case "mine":
        return lettered("B", colors.accent, colors.onAccent, colors.halo);
      case "theirs":
        return lettered("C", colors.warning, colors.surface, colors.halo);
    }
  }
}

const ARROWS: Readonly<Record<string, readonly [east: number, north: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Ground metres that an arrow key moves: 1, with Shift 10; null for other keys. */
export function arrowStep(event: KeyboardEvent): { east_m: number; north_m: number } | null {
  const arrow = ARROWS[event.key];
  if (!arrow) return null;
  const step_m = event.shiftKey ? 10 : 1;
  return { east_m: arrow[0] * step_m, north_m: arrow[1] * step_m };
}

function geometryOf(place: LonLat | null | readonly (LonLat | null)[]): Point | LineString | null {
  if (!place) return null;
  if (!Array.isArray(place)) return new Point(coordinateOf(place as LonLat));
  const ends = (place as readonly (LonLat | null)[]).filter((end) => end !== null);
  return ends.length === 2 ? new LineString(ends.map(coordinateOf)) : null;
}

/** A million dashes to another continent (swapped coordinates) would stop the page: such a line is drawn solid. */
export function isLong(geometry: unknown, resolution: number): boolean {
  return geometry instanceof LineString && geometry.getLength() / resolution > 5_000;
}

function coordinateOf({ lon, lat }: LonLat): number[] {
  return fromLonLat([lon, lat]);
}

function circle(radius: number, paint: { fill?: string; stroke?: string; width?: number; dash?: number[] }): Style {
  return new Style({
    image: new CircleStyle({
      radius,
      ...(paint.fill ? { fill: new Fill({ color: paint.fill }) } : {}),
      ...(paint.stroke
        ? {
            stroke: new Stroke({
              color: paint.stroke,
              width: paint.width ?? 2,
              ...(paint.dash ? { lineDash: paint.dash } : {}),
            }),
          }
        : {}),
    }),
  });
}

const GRIP_HALF = 36;

/** A ring with four arrow heads around the symbol says that it can be dragged. */
const grip = perLook(() => {
  const colors = ink();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = GRIP_HALF * 4;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.scale(2, 2);
  context.translate(GRIP_HALF, GRIP_HALF);
  context.lineJoin = "round";
  context.beginPath();
  context.arc(0, 0, 22, 0, 2 * Math.PI);
  context.fillStyle = colors.halo;
  context.globalAlpha = 0.6;
  context.fill();
  context.globalAlpha = 1;
  for (const [color, extra] of [
    [colors.halo, 4],
    [colors.accent, 0],
  ] as const) {
    context.strokeStyle = context.fillStyle = color;
    context.beginPath();
    context.arc(0, 0, 22, 0, 2 * Math.PI);
    context.lineWidth = 2.5 + extra;
    context.stroke();
    for (let quarter = 0; quarter < 4; quarter++) {
      context.rotate(Math.PI / 2);
      context.beginPath();
      context.moveTo(0, -33);
      context.lineTo(5, -27);
      context.lineTo(-5, -27);
      context.closePath();
      context.lineWidth = extra;
      if (extra) context.stroke();
      context.fill();
    }
  }
  return canvas;
});

function lineStyles(color: string, halo: string, dash?: number[]): Style[] {
  const stroke = (over: string, width: number, lineDash?: number[]) =>
    new Style({
      stroke: new Stroke({ color: over, width, lineCap: "round", ...(lineDash ? { lineDash } : {}) }),
    });
  return [stroke(halo, 6), stroke(color, 3, dash)];
}

function lettered(letter: string, fill: string, text: string, edge: string): Style[] {
  return [
    new Style({
      image: new CircleStyle({
        radius: 14,
        fill: new Fill({ color: fill }),
        stroke: new Stroke({ color: edge, width: 2.5 }),
      }),
      text: new Text({ text: letter, font: `700 14px ${MAP_FONT}`, fill: new Fill({ color: text }), offsetY: 1 }),
      zIndex: 10,
    }),
  ];
}
