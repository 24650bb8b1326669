/** The one search box, and addresses for a new customer. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { http } from "./http";
import type { SearchAnswer } from "./types";

export function useSearch(text: string) {
  const q = text.trim();
  return useQuery({
    queryKey: ["search", q],
    queryFn: ({ signal }) => http.get<SearchAnswer>("/api/v1/search", { signal, query: { q, limit: 12 } }),
    enabled: q.length > 0,
    placeholderData: keepPreviousData,
  });
}

export function useGeocode(text: string) {
  const q = text.trim();
  return useQuery({
    queryKey: ["geocode", q],
    queryFn: ({ signal }) => http.get<SearchAnswer>("/api/v1/geocode", { signal, query: { q } }),
    enabled: q.length > 1,
    placeholderData: keepPreviousData,
  });
}
