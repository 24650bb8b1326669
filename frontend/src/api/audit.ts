/** The audit: who did what, when, from where. Supervisors and administrators only. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { http, queryString } from "./http";
import type { components } from "./schema";

export type AuditRow = components["schemas"]["AuditRowOut"];

/** `object` is layer:id; `from` and `to` are half-open; an instant without a zone is in the utility's. */
export interface AuditQuery {
  person?: string;
  object?: string;
  action?: string;
  area?: string;
  q?: string;
  from?: string;
  to?: string;
}

type AuditPage = components["schemas"]["AuditPage"];

export function useAudit(query: AuditQuery) {
  return useInfiniteQuery({
    queryKey: ["audit", query],
    queryFn: ({ signal, pageParam }) =>
      http.get<AuditPage>("/api/v1/audit", { signal, query: { ...query, cursor: pageParam, limit: 50 } }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    // What happened since belongs on top: asked anew each time the list is opened.
    staleTime: 0,
  });
}

export function exportAddress(query: AuditQuery): string {
  return `/api/v1/audit/export${queryString({ ...query })}`;
}
