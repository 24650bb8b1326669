/** Customers: the card, the list, the counts. Commands (move, add, edit, undo) belong to their features' own api files. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Filters } from "@/lib/url-state";
import { http } from "./http";
import type { CustomerCard, CustomerCounts, CustomerRow, Page } from "./types";

export const customerKeys = {
  all: ["customers"] as const,
  card: (id: number) => ["customers", "card", id] as const,
  lists: ["customers", "list"] as const,
  list: (query: CustomerQuery) => ["customers", "list", query] as const,
  counts: (filters: Filters) => ["customers", "counts", filters] as const,
  history: (id: number) => ["customers", "history", id] as const,
};

export interface CustomerQuery extends Filters {
  /** west, south, east, north */
  bbox?: string;
  located?: boolean;
  deleted?: boolean;
  q?: string;
  ordering?: string;
  limit?: number;
}

export function useCustomer(id: number | null) {
  return useQuery({
    queryKey: customerKeys.card(id ?? 0),
    queryFn: ({ signal }) => http.get<CustomerCard>(`/api/v1/customers/${id}`, { signal }),
    enabled: id !== null,
  });
}

export function useCustomers(query: CustomerQuery, enabled = true) {
  return useInfiniteQuery({
    queryKey: customerKeys.list(query),
    queryFn: ({ signal, pageParam }) =>
      http.get<Page<CustomerRow>>("/api/v1/customers", { signal, query: { ...query, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    enabled,
  });
}

export function useCustomerCounts(filters: Filters = {}) {
  return useQuery({
    queryKey: customerKeys.counts(filters),
    queryFn: ({ signal }) => http.get<CustomerCounts>("/api/v1/customers/counts", { signal, query: { ...filters } }),
    placeholderData: keepPreviousData,
  });
}
