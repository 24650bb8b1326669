/** What list, counts, map and drawn shapes are narrowed to: grade, class, status, area and a text, all in the address. */
import { useMemo } from "react";
import { FILTER_KEYS, type FilterKey, type Filters, parseFilters, type UrlParams, urlState, useUrl } from "./url-state";

export interface CustomerFilters extends Filters {
  q?: string;
}

export function readCustomerFilters(params: UrlParams): CustomerFilters {
  const q = params.q?.trim().slice(0, 200);
  return { ...parseFilters(params), ...(q ? { q } : {}) };
}

/** The same object until one of the filters changes. */
export function useCustomerFilters(): CustomerFilters {
  const params = useUrl();
  const key = [...FILTER_KEYS, "q" as const].map((name) => params[name] ?? "").join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds every parameter that is read.
  return useMemo(() => readCustomerFilters(params), [key]);
}

export function toggleFilter(key: FilterKey, value: string): void {
  const current = parseFilters(urlState.get())[key] ?? [];
  const next = current.includes(value) ? current.filter((other) => other !== value) : [...current, value];
  urlState.set({ [key]: next.join(",") });
}

export function setTextFilter(text: string): void {
  // A word being typed is one step of the history, not one per letter.
  urlState.set({ q: text }, { replace: true });
}

export function clearFilters(): void {
  urlState.set({ ...Object.fromEntries(FILTER_KEYS.map((key) => [key, null])), q: null });
}

export function filterCount(filters: CustomerFilters): number {
  return FILTER_KEYS.reduce((sum, key) => sum + (filters[key]?.length ?? 0), filters.q ? 1 : 0);
}
