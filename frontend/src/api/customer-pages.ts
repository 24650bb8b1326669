/**
 * The ledger by pages, for a list of any length: only the pages on the screen are asked for, and asked again after
 * changes. A scrollbar jumps, so a page is asked for by the number of rows before it, not by the cursor of the page before.
 */
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import type { CustomerFilters } from "@/lib/customer-filters";
import { http } from "./http";
import { queryClient } from "./query-client";
import type { CustomerCounts, CustomerRow, Page } from "./types";

export const PAGE_ROWS = 100;

export const ORDERINGS = ["grade", "name", "-name", "account_no", "-contract_kva", "-updated_at"] as const;
export type Ordering = (typeof ORDERINGS)[number];

export interface LedgerQuery extends CustomerFilters {
  /** west, south, east, north */
  bbox?: string;
  located?: boolean;
}

export interface LedgerRows {
  /** Of the whole list; null until the first page is there. */
  count: number | null;
  /** The rows of the pages on the screen; the same array until one of them changes. */
  rows: readonly CustomerRow[];
  /** Where in the list each of `rows` stands. */
  places: readonly number[];
  indexOf: (id: number) => number | null;
  /** Every row is in the browser. */
  complete: boolean;
  error: Error | null;
  retry: () => void;
  /** The rows shown are those of the question before. */
  stale: boolean;
}

type LedgerPage = Page<CustomerRow>;

const PAGES = ["customers", "page"] as const;
const COUNTS = ["customers", "counted"] as const;

/**
 * The rows `first..last` and, as long as they are cached, all others of the same question. While a new question is
 * on its way the rows of the one before stay, marked `stale`.
 */
export function useLedgerRows(query: LedgerQuery, ordering: Ordering, pages: readonly number[]): LedgerRows {
  const question: Question = { query, ordering };
  const answered = useRef<Question | null>(null);
  const asked = useQueries({
    queries: pages.map((page) => ({
      queryKey: pageKey(question, page),
      queryFn: ({ signal }: { signal: AbortSignal }) => readPage(question, page, signal),
      staleTime: 60_000,
      gcTime: 120_000,
    })),
  });

  if (asked.some((answer) => answer.data)) answered.current = question;
  const shown = answered.current ?? question;
  const held = (page: number) => queryClient.getQueryData<LedgerPage>(pageKey(shown, page));
  const newest = asked
    .filter((answer) => answer.data)
    .reduce((latest: (typeof asked)[number] | null, answer) => {
      return latest && latest.dataUpdatedAt >= answer.dataUpdatedAt ? latest : answer;
    }, null);
  const count = (newest?.data ?? held(0))?.count ?? null;
  const pageCount = Math.ceil((count ?? 0) / PAGE_ROWS);
  const failed = asked.filter((answer) => answer.isError);
  const version = JSON.stringify([shown, pages, asked.map((answer) => answer.dataUpdatedAt)]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version holds everything that is read.
  const { rows, places } = useMemo(() => {
    const found = pages.flatMap((page) =>
      (held(page)?.results ?? []).map((row, index) => ({ row, place: page * PAGE_ROWS + index })),
    );
    return { rows: found.map(({ row }) => row), places: found.map(({ place }) => place) };
  }, [version]);

  return {
    count,
    rows,
    places,
    indexOf: (id) => {
      for (let page = 0; page < pageCount; page++) {
        const at = held(page)?.results.findIndex((row) => row.id === id) ?? -1;
        if (at >= 0) return page * PAGE_ROWS + at;
      }
      return null;
    },
    complete: count !== null && Array.from({ length: pageCount }, (_, page) => held(page)).every(Boolean),
    error: failed[0]?.error ?? null,
    retry: () => {
      for (const answer of failed) void answer.refetch();
    },
    stale: JSON.stringify(shown) !== JSON.stringify(question),
  };
}

interface Question {
  query: LedgerQuery;
  ordering: Ordering;
}

function pageKey({ query, ordering }: Question, page: number) {
  return [...PAGES, query, ordering, page] as const;
}

function readPage({ query, ordering }: Question, page: number, signal: AbortSignal): Promise<LedgerPage> {
  return http.get<LedgerPage>("/api/v1/customers", {
    signal,
    query: { ...query, ordering, limit: PAGE_ROWS, skip: page * PAGE_ROWS },
  });
}

export function pagesOf(first: number, last: number): number[] {
  const from = Math.max(0, Math.floor(first / PAGE_ROWS));
  const to = Math.max(from, Math.floor(last / PAGE_ROWS));
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Counts by grade, class and status under the same question as the list. */
export function useCounts(query: LedgerQuery, enabled = true) {
  return useQuery({
    queryKey: [...COUNTS, query],
    queryFn: ({ signal }) => http.get<CustomerCounts>("/api/v1/customers/counts", { signal, query: { ...query } }),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** After changes: what is on the screen is asked again now, everything else when it is looked at. */
export function refetchLedger(): void {
  void queryClient.invalidateQueries({ queryKey: PAGES });
  void queryClient.invalidateQueries({ queryKey: COUNTS });
}

/** Customers in a small box, to tell apart what a cluster or a heap of symbols holds. */
export function readCustomers(query: LedgerQuery, limit: number, signal?: AbortSignal): Promise<LedgerPage> {
  return http.get<LedgerPage>("/api/v1/customers", {
    ...(signal ? { signal } : {}),
    query: { ...query, ordering: "grade", limit },
  });
}
