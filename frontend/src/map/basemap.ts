/** The basemap: vector, imagery, or imagery with labels. Switching changes the picture below, nothing else. */
import type { BasemapInfo } from "@/api/types";
import { createStore, useStore } from "@/lib/store";
import type { GridMap } from "./grid-map";

const attribution = createStore("");

export function useAttribution(): string {
  return useStore(attribution);
}

export function useBasemapOfUrl(_map: GridMap, basemaps: readonly BasemapInfo[] | undefined): void {
  attribution.set(basemaps?.map((basemap) => basemap.attribution).join(" · ") ?? "");
}
