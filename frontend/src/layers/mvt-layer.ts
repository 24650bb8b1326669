/** A layer of server tiles (MVT), with a small live source over it: changed features are drawn from there, not from the tile. */

import type { FeatureLike } from "ol/Feature.js";
import Feature from "ol/Feature.js";
import MVT from "ol/format/MVT.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { fromLonLat, toLonLat } from "ol/proj.js";
import RenderFeature from "ol/render/Feature.js";
import VectorSource from "ol/source/Vector.js";
import VectorTileSource from "ol/source/VectorTile.js";
import type Style from "ol/style/Style.js";
import { createXYZ } from "ol/tilegrid.js";
import { type LiveEvent, latestById } from "@/api/apply-events";
import { queryString } from "@/api/http";
import type { LayerInfo } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import type { UrlParams } from "@/lib/url-state";
import type { GridMap, Hit } from "@/map/grid-map";
import { look } from "@/map/look";
import { loadTile } from "@/map/tile-loading";
import type { Found, LayerHandle } from "./layer-handle";

export type StyleOf = (part: string, feature: FeatureLike, resolution: number) => Style | Style[] | undefined;

export interface MvtLayerOptions {
  zIndex: number;
  /** Labels of the same group never cover each other. */
  declutter?: string;
  /** `part` is the MVT layer's name; `resolution` in metres of the projection per pixel. */
  style: StyleOf;
  /** Drawn apart from the symbols, where these leave room. */
  label?: StyleOf;
  /** Which hit features can be selected. */
  selectable?: (part: string) => boolean;
}

/** Over this many live changes the tiles are fetched again and the live source is emptied. */
const DELTA_LIMIT = 200;
/** The part that the server sums up: its features are no single things. */
const CLUSTERS = "clusters";
const RETRY_MS = 5_000;

export class MvtLayer implements LayerHandle {
  readonly info: LayerInfo;
  protected readonly map: GridMap;
  protected readonly tiles: VectorTileLayer;
  protected readonly tileSource: VectorTileSource;
  protected readonly delta = new VectorSource<Feature<Point>>();
  protected readonly deltaLayer: VectorLayer;
  private readonly shown: (VectorTileLayer | VectorLayer)[];
  /** Ids drawn from the delta source, deleted, or hidden: the tile's own picture of them is not drawn. */
  protected readonly overridden = new Set<number>();
  private readonly hidden = new Set<number>();
  private readonly provisional = new Map<number, { before: Feature<Point> | null; wasOverridden: boolean }>();
  private readonly changedAt = new Map<number, number>();
  protected readonly stops: (() => void)[] = [];
  protected query: Record<string, string> = {};
  private started = false;
  private generation = 0;
  private failed = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pending: LiveEvent[] = [];
  private frame = 0;

  constructor(map: GridMap, info: LayerInfo, options: MvtLayerOptions) {
    this.map = map;
    this.info = info;
    this.tileSource = new VectorTileSource({
      format: new MVT({ featureClass: RenderFeature, idProperty: "id", layerName: "part" }),
      tileGrid: createXYZ({ minZoom: info.min_zoom, maxZoom: info.max_zoom, tileSize: 512 }),
      tileLoadFunction: loadTile,
      url: "",
    });
    this.tiles = this.tileLayer(options.zIndex, options.declutter, options.style);
    this.deltaLayer = this.liveLayer(options.zIndex + 1, options.declutter, options.style);
    this.shown = [this.tiles, this.deltaLayer];
    if (options.label) {
      // Layers are decluttered from the top: all symbols of all tiles first, then labels find room between them.
      this.shown.push(
        this.tileLayer(options.zIndex - 2, options.declutter, options.label),
        this.liveLayer(options.zIndex - 1, options.declutter, options.label),
      );
    }
    for (const layer of this.shown) layer.set("layer", info.id);
    this.stops.push(...this.shown.map((layer) => map.addLayer(layer)));
    this.tileSource.on("tileloaderror", () => {
      this.failed = true;
    });
    this.stops.push(look.subscribe(() => this.repaint()));
    this.stops.push(map.addPicker((pixel, tolerance) => this.pick(pixel, tolerance, options.selectable)));
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    this.setUrl();
  }

  setShown(visible: boolean, opacity: number): void {
    for (const layer of this.shown) {
      layer.setVisible(visible);
      layer.setOpacity(opacity);
    }
  }

  setFilters(params: UrlParams): void {
    const query: Record<string, string> = {};
    for (const key of this.info.filters) if (params[key]) query[key] = params[key];
    if (queryString(query) === queryString(this.query)) return;
    this.query = query;
    // What was drawn from live events may not match any more: the new tiles say.
    if (this.started) this.refresh();
  }

  find(id: number): Found | null {
    const changed = this.delta.getFeatureById(id) as Feature<Point> | null;
    if (changed) return foundOf(id, changed.getGeometry()?.getCoordinates(), changed.getProperties());
    if (this.overridden.has(id)) return null;
    const inTiles = this.tiles.getFeaturesInExtent(this.map.wholeExtent()).find((feature) => feature.getId() === id);
    if (!inTiles) return null;
    return foundOf(id, (inTiles as RenderFeature).getFlatCoordinates(), inTiles.getProperties());
  }

  setProvisional(id: number, position: LonLat | null): void {
    const kept = this.provisional.get(id);
    if (position === null) {
      if (!kept) return;
      this.provisional.delete(id);
      const shown = this.delta.getFeatureById(id);
      if (shown) this.delta.removeFeature(shown as Feature<Point>);
      if (kept.before) this.delta.addFeature(kept.before);
      if (!kept.wasOverridden) this.overridden.delete(id);
      this.repaintTiles();
      return;
    }
    const coordinates = fromLonLat([position.lon, position.lat]);
    const shown = this.delta.getFeatureById(id) as Feature<Point> | null;
    if (kept && shown) {
      shown.getGeometry()?.setCoordinates(coordinates);
      return;
    }
    const found = this.find(id);
    const feature = new Feature<Point>(new Point(coordinates));
    feature.setProperties({ ...withoutGeometry(found?.properties), part: found?.properties.part ?? this.pointPart() });
    feature.setId(id);
    this.provisional.set(id, { before: shown, wasOverridden: this.overridden.has(id) });
    if (shown) this.delta.removeFeature(shown);
    this.delta.addFeature(feature);
    this.overridden.add(id);
    this.repaintTiles();
  }

  setHidden(id: number, hidden: boolean): void {
    if (hidden) this.hidden.add(id);
    else this.hidden.delete(id);
    this.repaintTiles();
    this.delta.changed();
  }

  /** Collected and drawn once a frame. */
  applyEvents(events: readonly LiveEvent[]): void {
    this.pending.push(...events);
    if (!this.frame) this.frame = requestAnimationFrame(() => this.drawPending());
  }

  refresh(): void {
    if (!this.started) {
      this.start();
      return;
    }
    this.generation += 1;
    this.setUrl();
  }

  remove(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.retryTimer);
    for (const stop of this.stops) stop();
  }

  /** The part that holds single features of this layer. */
  protected pointPart(): string {
    const single = this.info.parts.find((part) => part.geometry === "point" && part.id !== CLUSTERS);
    return single?.id ?? this.info.id;
  }

  private drawPending(): void {
    this.frame = 0;
    const latest = latestById(this.pending);
    this.pending = [];
    let newlyOverridden = false;
    for (const [id, event] of latest) {
      this.changedAt.set(id, this.generation);
      if (!this.overridden.has(id)) newlyOverridden = true;
      this.overridden.add(id);
      const kept = this.provisional.get(id);
      if (kept) {
        kept.before = this.admits(event) ? featureOf(event, this.pointPart()) : null;
        kept.wasOverridden = true;
        continue;
      }
      const shown = this.delta.getFeatureById(id) as Feature<Point> | null;
      const next = this.admits(event) ? featureOf(event, this.pointPart()) : null;
      if (shown) this.delta.removeFeature(shown);
      if (next) this.delta.addFeature(next);
    }
    if (newlyOverridden) this.repaintTiles();
    this.eventsDrawn(latest.size);
    if (this.changedAt.size > DELTA_LIMIT) this.refresh();
  }

  /** False when a filter of the address leaves the feature out, as far as its own properties tell. */
  private admits(event: LiveEvent): boolean {
    const properties = event.b?.properties ?? {};
    return Object.entries(this.query).every(([key, words]) => {
      const value = properties[key === "class" ? "classes" : key];
      return typeof value !== "string" || value.split(",").some((word) => words.split(",").includes(word));
    });
  }

  /** False while the tiles show aggregates: single features would stand beside the clusters that count them. */
  protected drawsDelta(_resolution: number): boolean {
    return true;
  }

  /** Zoom of the tiles that are shown at this resolution. */
  protected tileZoom(resolution: number): number {
    return this.tileSource.getTileGrid()?.getZForResolution(resolution, this.tileSource.zDirection) ?? 0;
  }

  private tileLayer(zIndex: number, declutter: string | undefined, style: StyleOf): VectorTileLayer {
    return new VectorTileLayer({
      source: this.tileSource,
      // Without a cache OpenLayers keeps no old tiles, and a refresh would show nothing until the new ones are there.
      cacheSize: 96,
      zIndex,
      // Drawn at half their size, and no smaller: a view of the world would ask for thousands.
      minZoom: this.info.min_zoom,
      declutter: declutter ?? false,
      renderMode: "vector",
      updateWhileAnimating: true,
      updateWhileInteracting: true,
      style: (feature, resolution) => {
        const id = feature.getId();
        if (typeof id === "number" && (this.overridden.has(id) || this.hidden.has(id))) return undefined;
        return style(String(feature.get("part")), feature, resolution);
      },
    });
  }

  private liveLayer(zIndex: number, declutter: string | undefined, style: StyleOf): VectorLayer {
    return new VectorLayer({
      source: this.delta,
      zIndex,
      declutter: declutter ?? false,
      updateWhileAnimating: true,
      updateWhileInteracting: true,
      style: (feature, resolution) =>
        this.hidden.has(Number(feature.getId())) || !this.drawsDelta(resolution)
          ? undefined
          : style(String(feature.get("part")), feature, resolution),
    });
  }

  private repaint(): void {
    for (const layer of this.shown) layer.changed();
  }

  private repaintTiles(): void {
    for (const layer of this.shown) if (layer instanceof VectorTileLayer) layer.changed();
  }

  /** For layers with aggregates, which no single event can correct. */
  protected eventsDrawn(_count: number): void {}

  /** The part after # never leaves the browser: a new generation asks the server again, and its ETag makes that cheap. */
  private setUrl(): void {
    const url = `${this.info.tiles}${queryString(this.query)}#${this.generation}`;
    const generation = this.generation;
    this.tileSource.setUrl(url);
    if (generation > 0) this.map.ol.once("rendercomplete", () => this.forgetBefore(generation));
    this.failed = false;
  }

  /** Tiles of this generation hold everything that had changed before it was asked for. */
  private forgetBefore(generation: number): void {
    if (generation !== this.generation) return;
    if (this.failed) {
      // Old tiles are still shown where new ones did not come: what is known to be newer stays drawn over them.
      clearTimeout(this.retryTimer);
      this.retryTimer = setTimeout(() => this.refresh(), RETRY_MS);
      return;
    }
    for (const [id, changedAt] of [...this.changedAt]) {
      if (changedAt >= generation || this.provisional.has(id)) continue;
      this.changedAt.delete(id);
      this.overridden.delete(id);
      const shown = this.delta.getFeatureById(id) as Feature<Point> | null;
      if (shown) this.delta.removeFeature(shown);
    }
    this.repaintTiles();
  }

  private pick(
    pixel: readonly [number, number],
    tolerance: number,
    selectable: ((part: string) => boolean) | undefined,
  ): Hit[] {
    const hits = new Map<number, Hit>();
    this.map.ol.forEachFeatureAtPixel(
      [...pixel],
      (feature) => {
        const id = feature.getId();
        if (typeof id !== "number" || hits.has(id) || !selectable?.(String(feature.get("part")))) return;
        const geometry = feature.getGeometry();
        const coordinates =
          geometry instanceof Point ? geometry.getCoordinates() : (feature as RenderFeature).getFlatCoordinates();
        const found = foundOf(id, coordinates, feature.getProperties());
        if (found) hits.set(id, { layer: this.info.id, ...found });
      },
      { hitTolerance: tolerance, layerFilter: (layer) => layer === this.tiles || layer === this.deltaLayer },
    );
    return [...hits.values()];
  }
}

function foundOf(id: number, coordinates: number[] | undefined, properties: Record<string, unknown>): Found | null {
  if (!coordinates || coordinates.length < 2) return null;
  const [lon = 0, lat = 0] = toLonLat(coordinates);
  return { id, lonLat: { lon, lat }, properties: withoutGeometry(properties) };
}

function withoutGeometry(properties: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  const { geometry: _geometry, ...rest } = properties ?? {};
  return rest;
}

function featureOf(event: LiveEvent, part: string): Feature<Point> | null {
  const coordinates = event.k === "upsert" ? event.b?.geometry?.coordinates : undefined;
  if (!coordinates || !event.b) return null;
  const feature = new Feature<Point>(new Point(fromLonLat(coordinates)));
  feature.setProperties({ ...event.b.properties, part });
  feature.setId(event.id);
  return feature;
}
