/** The basemap: vector, imagery, or imagery with the labels of the vector tiles. Switching changes what lies below, nothing else. */
import MVT from "ol/format/MVT.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { unByKey } from "ol/Observable.js";
import RenderFeature from "ol/render/Feature.js";
import VectorTileSource from "ol/source/VectorTile.js";
import { createXYZ } from "ol/tilegrid.js";
import { useEffect, useMemo } from "react";
import type { BasemapInfo } from "@/api/types";
import { createStore, useStore } from "@/lib/store";
import { urlState, useUrl } from "@/lib/url-state";
import { BasemapStyles, landColor, waterColor } from "./basemap-style";
import { type GridMap, Z } from "./grid-map";
import { look, perLook } from "./look";
import { zoomOfResolution } from "./scale";
import { loadTile } from "./tile-loading";

export type BasemapMode = "vector" | "imagery" | "hybrid";

export interface BasemapChoice {
  mode: BasemapMode;
  vector: BasemapInfo | undefined;
  imagery: BasemapInfo | undefined;
}

/** `base=vector`, `base=imagery`, `base=hybrid`, or with the key of one: `base=hybrid:orthophoto-2025`. */
export function chooseBasemap(text: string | undefined, basemaps: readonly BasemapInfo[]): BasemapChoice {
  const [word = "vector", key] = (text ?? "vector").split(":");
  const mode: BasemapMode = word === "imagery" || word === "hybrid" ? word : "vector";
  const vectors = basemaps.filter((basemap) => basemap.kind === "vector");
  const images = basemaps.filter((basemap) => basemap.kind === "imagery");
  const imagery = images.find((basemap) => basemap.key === key) ?? images[0];
  const vector = vectors.find((basemap) => basemap.key === key) ?? vectors[0];
  return { mode: imagery ? mode : "vector", vector, imagery };
}

export function showBasemap(mode: BasemapMode, key?: string): void {
  urlState.set({ base: mode === "vector" && !key ? null : key ? `${mode}:${key}` : mode }, { replace: true });
}

/** The choice in the address, for the switch and the footer. */
export function useBasemapChoice(basemaps: readonly BasemapInfo[] | undefined): BasemapChoice {
  const { base } = useUrl();
  return useMemo(() => chooseBasemap(base, basemaps ?? []), [base, basemaps]);
}

export const attribution = createStore("");

export function useAttribution(): string {
  return useStore(attribution);
}

/** True where the vector basemap has land, water and names only: outside of what it was made for. */
export const withoutDetail = createStore(false);

const DETAIL_FROM_ZOOM = 13;
const DETAILED = new Set(["roads", "buildings", "landuse", "green", "rail"]);

/** Keep `withoutDetail` true to what the tiles of this layer hold where the map came to rest. */
function watchDetail(map: GridMap, ground: VectorTileLayer): () => void {
  let moved = true;
  const keys = [
    map.ol.on("moveend", () => {
      moved = true;
    }),
    ground.getSource()?.on("tileloadend", () => {
      moved = true;
    }),
    map.ol.on("rendercomplete", () => {
      if (!moved) return;
      moved = false;
      const near = (map.view.getZoom() ?? 0) >= DETAIL_FROM_ZOOM;
      const seen = near ? ground.getFeaturesInExtent(map.wholeExtent()) : [];
      // Without any feature the tiles are not there yet, or failed: that has its own notice.
      withoutDetail.set(seen.length > 0 && !seen.some((feature) => DETAILED.has(String(feature.get("layer")))));
    }),
  ];
  return () => {
    for (const key of keys) if (key) unByKey(key);
    withoutDetail.set(false);
  };
}

const styles = perLook((current) => new BasemapStyles(current));

/** Keep the layers at the bottom of the map in step with the address. */
export function useBasemapOfUrl(map: GridMap, basemaps: readonly BasemapInfo[] | undefined): void {
  const choice = useBasemapChoice(basemaps);
  const { mode, vector, imagery } = choice;

  useEffect(() => {
    look.set((current) =>
      current.imagery === (mode !== "vector") ? current : { ...current, imagery: mode !== "vector" },
    );
    const shown = mode === "vector" ? [vector] : mode === "imagery" ? [imagery] : [imagery, vector];
    attribution.set([...new Set(shown.flatMap((basemap) => (basemap ? [basemap.attribution] : [])))].join(" · "));
  }, [mode, vector, imagery]);

  useEffect(
    () => (vector && mode !== "imagery" ? addVector(map, vector, mode === "hybrid") : undefined),
    [map, vector, mode],
  );
  useEffect(() => (imagery && mode !== "vector" ? addImageryLater(map, imagery) : undefined), [map, imagery, mode]);
}

function addVector(map: GridMap, info: BasemapInfo, labelsOnly: boolean): () => void {
  const source = new VectorTileSource({
    format: new MVT({ featureClass: RenderFeature }),
    tileGrid: createXYZ({ minZoom: info.min_zoom, maxZoom: info.max_zoom, tileSize: 512 }),
    tileLoadFunction: loadTile,
    url: info.url,
  });
  const labels = new VectorTileLayer({
    source,
    cacheSize: 128,
    zIndex: Z.LABELS,
    declutter: "labels",
    updateWhileAnimating: true,
    style: (feature, resolution) => styles().label(feature, zoomOfResolution(resolution)),
  });
  const layers = [labels];
  const background = info.tiles_style === "gridatlas" ? waterColor : landColor;
  const stops: (() => void)[] = [];
  if (!labelsOnly) {
    const ground = new VectorTileLayer({
      source,
      cacheSize: 128,
      zIndex: Z.BASE,
      renderMode: "hybrid",
      background: background(look.get()),
      style: (feature, resolution) => styles().ground(feature, zoomOfResolution(resolution)),
    });
    layers.unshift(ground);
    // What another's map has in detail, nobody knows.
    if (info.tiles_style === "gridatlas") stops.push(watchDetail(map, ground));
  }
  stops.push(...layers.map((layer) => map.addLayer(layer)));
  stops.push(
    look.subscribe(() => {
      if (!labelsOnly) layers[0]?.setBackground(background(look.get()));
      for (const layer of layers) layer.changed();
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

/** Imagery comes with its own part of OpenLayers, which the first map does not need. */
function addImageryLater(map: GridMap, info: BasemapInfo): () => void {
  let stop: (() => void) | null = null;
  let cancelled = false;
  void import("./imagery").then(({ addImagery }) => {
    if (!cancelled) stop = addImagery(map, info);
  });
  return () => {
    cancelled = true;
    stop?.();
  };
}

/** True when the centre of the map lies outside of what this imagery covers. */
export function isOutside(info: BasemapInfo, { lon, lat, zoom }: { lon: number; lat: number; zoom: number }): boolean {
  if (zoom < info.min_zoom) return true;
  if (!info.bounds) return false;
  const [west, south, east, north] = info.bounds;
  return lon < west || lon > east || lat < south || lat > north;
}
