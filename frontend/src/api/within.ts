/** The customers inside a drawn shape: list, counts and sums, asked again after changes. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { CustomerFilters } from "@/lib/customer-filters";
import type { DrawnShape } from "@/lib/shapes";
import { formatShape } from "@/lib/shapes";
import { http } from "./http";
import { queryClient } from "./query-client";
import type { CustomerRow } from "./types";

export interface WithinAnswer {
  count: number;
  /** Null: no customer inside has a known value. Zero is a known zero. */
  contract_kva: number | null;
  running_kva: number | null;
  by_grade: Record<string, number>;
  by_class: Record<string, number>;
  by_status: Record<string, number>;
  customers: CustomerRow[];
  /** The list is cut; counts and sums hold all. */
  truncated: boolean;
}

const WITHIN = ["customers", "within"] as const;

export function useWithin(shape: DrawnShape | null, filters: CustomerFilters) {
  return useQuery({
    queryKey: [...WITHIN, shape && formatShape(shape), filters],
    queryFn: ({ signal }) =>
      http.post<WithinAnswer>("/api/v1/customers/within", shape && withinBody(shape, filters), { signal }),
    placeholderData: keepPreviousData,
    enabled: shape !== null,
  });
}

export function refetchWithin(): void {
  void queryClient.invalidateQueries({ queryKey: WITHIN });
}

export function withinBody(shape: DrawnShape, filters: CustomerFilters): Record<string, unknown> {
  const { q, ...lists } = filters;
  const narrowed = {
    ...Object.fromEntries(Object.entries(lists).map(([key, values]) => [key, values.join(",")])),
    ...(q ? { q } : {}),
  };
  if (shape.kind === "circle") return { centre: shape.centre, radius_m: shape.radius_m, ...narrowed };
  if (shape.kind === "corridor") {
    return { line: shape.line.map(({ lon, lat }) => [lon, lat]), width_m: shape.width_m, ...narrowed };
  }
  const ring = shape.ring.map(({ lon, lat }) => [lon, lat]);
  return { geometry: { type: "Polygon", coordinates: [[...ring, ring[0]]] }, ...narrowed };
}
