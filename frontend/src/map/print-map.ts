/**
 * The map on paper: the layers that the screen shows, drawn again out of sight at the sheet's size and resolution.
 * Symbols and letters keep their size in millimetres, however many dots a printer has.
 */

import { containsXY, type Extent } from "ol/extent.js";
import type Feature from "ol/Feature.js";
import type BaseLayer from "ol/layer/Base.js";
import TileLayer from "ol/layer/Tile.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import OlMap from "ol/Map.js";
import type RenderFeature from "ol/render/Feature.js";
import type TileSource from "ol/source/Tile.js";
import XYZ from "ol/source/XYZ.js";
import type { StyleFunction } from "ol/style/Style.js";
import View from "ol/View.js";
import { useEffect, useReducer } from "react";
import { latOf, PX_MM, type Rect, type SheetPlace } from "@/lib/sheet";
import { useMap } from "./context";
import type { GridMap } from "./grid-map";
import { tileFailures } from "./tile-loading";

export type Properties = Readonly<Record<string, unknown>>;

export interface DrawnMap {
  canvas: HTMLCanvasElement;
  /** What of each of the server's layers is on it. */
  seen: ReadonlyMap<string, readonly Properties[]>;
  /** False when tiles did not come. */
  whole: boolean;
}

/** The middle of what panels leave free, and how large that is; follows the map while it moves. */
export function useFreeView(): SheetPlace & { lat: number; lon: number; box: Rect } {
  const map = useMap();
  const [, follow] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    map.view.on("change", follow);
    map.ol.on("change:size", follow);
    const stop = map.settled.subscribe(follow);
    return () => {
      map.view.un("change", follow);
      map.ol.un("change:size", follow);
      stop();
    };
  }, [map]);
  const [x = 0, y = 0] = map.view.getCenter() ?? [];
  const [width = 0, height = 0] = map.ol.getSize() ?? [];
  const [top = 0, right = 0, bottom = 0, left = 0] = map.view.padding ?? [];
  return {
    centre: [x, y],
    resolution: map.view.getResolution() ?? 1,
    rotation: map.view.getRotation(),
    lat: latOf(y),
    lon: map.lonLatOf([x, y]).lon,
    box: { x: left, y: top, width: width - left - right, height: height - top - bottom },
  };
}

/**
 * Draw the map of a sheet.
 *
 * @throws DOMException "AbortError" when the signal says so.
 */
export async function drawMap(
  map: GridMap,
  place: SheetPlace,
  { width, height, dpi, signal }: { width: number; height: number; dpi: number; signal: AbortSignal },
): Promise<DrawnMap> {
  const size = [width / PX_MM, height / PX_MM] as const;
  const element = document.createElement("div");
  element.inert = true;
  Object.assign(element.style, {
    position: "fixed",
    left: "-30000px",
    top: "0",
    width: `${size[0]}px`,
    height: `${size[1]}px`,
  });
  document.body.append(element);
  const layers = map.ol
    .getAllLayers()
    .filter((layer) => layer.getVisible())
    .flatMap(copyOf);
  const ratio = (dpi * PX_MM) / 25.4;
  const paper = new OlMap({
    target: element,
    pixelRatio: ratio,
    controls: [],
    interactions: [],
    maxTilesLoading: 32,
    layers,
    view: new View({
      center: [...place.centre],
      resolution: place.resolution,
      rotation: place.rotation,
      minResolution: 1e-3,
      constrainResolution: false,
    }),
  });
  let whole = true;
  let failures = tileFailures.get();
  const stop = tileFailures.subscribe(() => {
    const now = tileFailures.get();
    if (Object.entries(now).some(([source, count]) => count > (failures[source] ?? 0))) whole = false;
    failures = now;
  });
  try {
    await complete(paper, signal);
    return {
      canvas: together(paper, element, ratio),
      seen: seenOn(paper, layers, place.resolution),
      whole,
    };
  } finally {
    stop();
    paper.setTarget(undefined);
    for (const layer of layers) {
      paper.removeLayer(layer);
      layer.dispose();
    }
    paper.dispose();
    element.remove();
  }
}

function complete(paper: OlMap, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    paper.once("rendercomplete", () => resolve());
  });
}

type Copy = TileLayer | VectorLayer | VectorTileLayer;

/** A layer belongs to one map; its source, and so its tiles, may be shared. */
function copyOf(layer: BaseLayer): Copy[] {
  const common = {
    opacity: layer.getOpacity(),
    zIndex: layer.getZIndex() ?? 0,
    minZoom: layer.getMinZoom(),
    maxZoom: layer.getMaxZoom(),
    ...(layer.getExtent() ? { extent: layer.getExtent() as Extent } : {}),
    properties: { layer: layer.get("layer") },
  };
  if (layer instanceof VectorTileLayer) {
    const style = layer.getStyleFunction();
    const copy = new VectorTileLayer({
      ...common,
      source: layer.getSource() as NonNullable<ReturnType<typeof layer.getSource>>,
      declutter: layer.getDeclutter(),
      renderMode: "vector",
      ...(style ? { style } : {}),
    });
    const background = layer.getBackground();
    if (background) copy.setBackground(background);
    return [copy];
  }
  if (layer instanceof VectorLayer) {
    const style = layer.getStyleFunction();
    return [
      new VectorLayer({
        ...common,
        source: layer.getSource(),
        declutter: layer.getDeclutter(),
        ...(style ? { style } : {}),
      }),
    ];
  }
  if (layer instanceof TileLayer) {
    const source = layer.getSource() as TileSource | null;
    const copy = new TileLayer({ ...common, ...(source ? { source: denser(source) } : {}) });
    const background = layer.getBackground();
    if (background) copy.setBackground(background);
    return [copy];
  }
  return [];
}

/** Paper has room for twice the screen's dots: pictures of the next zoom, at half their size. */
function denser(source: TileSource): TileSource {
  const urls = source instanceof XYZ ? source.getUrls() : null;
  if (!(source instanceof XYZ) || !urls || source.getTileGrid()?.getTileSize(0) !== 256) return source;
  return new XYZ({
    urls,
    tileSize: 128,
    tilePixelRatio: 2,
    minZoom: source.getTileGrid()?.getMinZoom() ?? 0,
    maxZoom: source.getTileGrid()?.getMaxZoom() ?? 19,
    tileLoadFunction: source.getTileLoadFunction(),
    transition: 0,
  });
}

/** OpenLayers draws on several canvases: lay them on one, as the page does. */
function together(paper: OlMap, element: HTMLElement, ratio: number): HTMLCanvasElement {
  const [width = 0, height = 0] = paper.getSize() ?? [];
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no canvas of that size.");
  for (const drawn of element.querySelectorAll<HTMLCanvasElement>(".ol-layer canvas, canvas.ol-layer")) {
    const holder = drawn.parentElement;
    context.resetTransform();
    context.globalAlpha = Number(holder?.style.opacity || drawn.style.opacity || 1);
    if (holder?.style.backgroundColor) {
      context.fillStyle = holder.style.backgroundColor;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    if (!drawn.width) continue;
    const { a, b, c, d, e, f } = new DOMMatrix(drawn.style.transform);
    context.setTransform(a * ratio, b * ratio, c * ratio, d * ratio, e * ratio, f * ratio);
    context.drawImage(drawn, 0, 0);
  }
  return canvas;
}

function seenOn(paper: OlMap, layers: readonly Copy[], resolution: number): Map<string, Properties[]> {
  const [width = 0, height = 0] = paper.getSize() ?? [];
  const extent = paper.getView().calculateExtent([width, height]);
  const page = [0, 0, width, height];
  const seen = new Map<string, Properties[]>();
  for (const layer of layers) {
    const name: unknown = layer.get("layer");
    if (typeof name !== "string" || layer instanceof TileLayer) continue;
    const style = layer.getStyleFunction() as StyleFunction;
    const found: (Feature | RenderFeature)[] =
      layer instanceof VectorTileLayer
        ? (layer.getFeaturesInExtent(extent) as RenderFeature[])
        : (layer.getSource()?.getFeaturesInExtent(extent) ?? []);
    const drawn = found.filter((feature) => {
      const [x = 0, y = 0] = feature.getGeometry()?.getExtent() ?? [];
      const point = feature.getGeometry()?.getType() === "Point";
      const pixel = point ? paper.getPixelFromCoordinate([x, y]) : page;
      return containsXY(page, pixel[0] ?? -1, pixel[1] ?? -1) && style(feature, resolution);
    });
    seen.set(name, [...(seen.get(name) ?? []), ...drawn.map((feature) => feature.getProperties())]);
  }
  return seen;
}
