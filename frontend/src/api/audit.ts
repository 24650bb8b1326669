/** The audit: who did what, when, from where. Supervisors and administrators only. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { http, queryString } from "./http";

export interface AuditRow {
  seq: number;
  at: string;
  actor: string;
  actor_name: string;
  role: string;
  ip: string;
  device: string;
  request_id: string;
  action: string;
  layer: string;
  object_id: string;
  object_label: string;
  area_code: string;
  reason: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  batch: string | null;
  hash: string;
}

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

interface AuditPage {
  next: number | null;
  results: AuditRow[];
}

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
