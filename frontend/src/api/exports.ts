/** Files of a list or a layer: ask for one, watch it being written, fetch it, remove it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { currentLanguage } from "@/lib/i18n";
import { http } from "./http";
import { queryClient } from "./query-client";
import type { components } from "./schema";

export type ExportFile = components["schemas"]["ExportOut"];
export type ExportFormat = ExportFile["format"];
export type DatumInfo = components["schemas"]["DatumOut"];

export const FORMATS = ["csv", "xlsx", "geojson", "gpkg", "shp", "kml"] as const;
export type Format = (typeof FORMATS)[number];

export interface ExportWish {
  what: string;
  format: Format;
  crs: string;
  /** The screen's own query, as it stands in the address of its list. */
  filter: Readonly<Record<string, string>>;
}

const KEY = ["exports"] as const;

/** While one is being written, asked again every second: a request that the page makes by itself. */
export function useExports(enabled = true) {
  return useQuery({
    enabled,
    queryKey: KEY,
    queryFn: ({ signal }) => http.get<ExportFile[]>("/api/v1/exports", { signal }),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.some((file) => file.state === "working") ? 1_000 : false),
  });
}

export function useDatums() {
  return useQuery({
    queryKey: ["datums"],
    queryFn: ({ signal }) => http.get<DatumInfo[]>("/api/v1/datums", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useRequestExport() {
  return useMutation({
    mutationFn: (wish: ExportWish) =>
      http.post<ExportFile>("/api/v1/exports", { ...wish, language: currentLanguage() }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: KEY }),
  });
}

export function useRemoveExport() {
  return useMutation({
    mutationFn: (id: string) => http.delete(`/api/v1/exports/${id}`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: KEY }),
  });
}
