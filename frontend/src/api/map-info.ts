/** What the map can show: layers and basemaps this person may see. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { http } from "./http";
import type { BasemapInfo, LayerInfo } from "./types";

export const layersQuery = queryOptions({
  queryKey: ["layers"],
  queryFn: () => http.get<LayerInfo[]>("/api/v1/layers"),
  staleTime: Number.POSITIVE_INFINITY,
});

export const basemapsQuery = queryOptions({
  queryKey: ["basemaps"],
  queryFn: () => http.get<BasemapInfo[]>("/api/v1/basemaps"),
  staleTime: 60_000,
  refetchInterval: 120_000,
});

export function useLayers() {
  return useQuery(layersQuery);
}

export function useBasemaps() {
  return useQuery(basemapsQuery);
}
