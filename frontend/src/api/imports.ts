/** Imports of customers: a file is read, checked, committed as one batch and can be taken back. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { http } from "./http";
import { queryClient } from "./query-client";
import type { components } from "./schema";
import { uploadFile } from "./upload";

type Schema = components["schemas"];

export type CustomerImport = Schema["ImportOut"];
export type ImportState = CustomerImport["state"];
/** What the file says of itself, and what was guessed. */
export type Detected = Schema["ImportDetected"];
export type FileColumn = Schema["ImportColumn"];
export type ImportCounts = Schema["ImportCounts"];
/** A stable word to decide by, and the server's English sentence. */
export type Told = Schema["CodedText"];
/** What is left out stays; in a mapping null takes a field off. */
export type CrsOption = Schema["CrsOption"];
export type ImportChange = Schema["PatchedImportChoicesRequest"];
/** `row_no` is the row's number in the file; `account_id` null for one that is not there yet. */
export type ImportRow = Schema["ImportRowOut"];
export type RowStatus = ImportRow["status"];

/** What the rows are listed by; "moved" and "changed" both hold those that are both. */
export type RowFilter = Exclude<RowStatus, "moved_and_changed"> | "not_reverted";

export interface DiffFeature {
  type: "Feature";
  geometry: { type: "Point"; coordinates: number[] } | { type: "LineString"; coordinates: number[][] };
  properties: { status: RowStatus; row_no: number; moved_m: number | null };
}

/** New ones, and those that had no place, as points; moved ones as lines from the old to the new place. */
export interface ImportDiff {
  features: DiffFeature[];
  /** There are more than these. */
  truncated: boolean;
}

const KEY = ["imports"] as const;
const WORKING: readonly ImportState[] = ["reading", "committing", "reverting"];
const POLL_MS = 700;
const LIST_POLL_MS = 3_000;
const PAGE_ROWS = 200;

const door = (id: string) => `/api/v1/imports/${encodeURIComponent(id)}`;
const one = (id: string) => [...KEY, "one", id] as const;

export function isWorking({ state }: CustomerImport): boolean {
  return WORKING.includes(state);
}

/** Newest first. */
export function useImports() {
  return useQuery({
    queryKey: [...KEY, "list"],
    queryFn: ({ signal }) => http.get<CustomerImport[]>("/api/v1/imports", { signal, query: { limit: 20 } }),
    refetchInterval: ({ state }) => (state.data?.some(isWorking) ? LIST_POLL_MS : false),
    staleTime: 0,
  });
}

/** Asked again and again while the server works at it. */
export function useImport(id: string) {
  return useQuery({
    queryKey: one(id),
    queryFn: ({ signal }) => http.get<CustomerImport>(door(id), { signal }),
    refetchInterval: ({ state }) => (state.data && isWorking(state.data) ? POLL_MS : false),
    staleTime: 0,
  });
}

/** What was read with other choices, or before a commit, is another list. */
function stampOf({ state, choices, counts }: CustomerImport): string {
  return JSON.stringify([state, choices, counts]);
}

function statusesOf(filter: RowFilter): readonly string[] {
  return filter === "moved" || filter === "changed" ? [filter, "moved_and_changed"] : [filter];
}

export function useImportRows(imported: CustomerImport, status: RowFilter) {
  return useInfiniteQuery({
    queryKey: [...KEY, "rows", imported.id, stampOf(imported), status],
    queryFn: ({ signal, pageParam }) =>
      http.get<Schema["ImportRows"]>(`${door(imported.id)}/rows`, {
        signal,
        query: { status: statusesOf(status), after: pageParam, limit: PAGE_ROWS },
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  });
}

/** One row whatever its status: the map may select one that the list has not come to. */
export function useImportRow(imported: CustomerImport, rowNo: number | null) {
  return useQuery({
    queryKey: [...KEY, "row", imported.id, stampOf(imported), rowNo],
    queryFn: async ({ signal }) => {
      const query = { after: (rowNo ?? 0) - 1, limit: 1 };
      const { rows } = await http.get<Schema["ImportRows"]>(`${door(imported.id)}/rows`, { signal, query });
      return rows.find((row) => row.row_no === rowNo) ?? null;
    },
    enabled: rowNo !== null,
  });
}

export function useImportDiff(imported: CustomerImport, enabled: boolean) {
  return useQuery({
    queryKey: [...KEY, "map", imported.id, stampOf(imported)],
    queryFn: ({ signal }) => http.get<ImportDiff>(`${door(imported.id)}/map`, { signal }),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function rejectsAddress(id: string): string {
  return `${door(id)}/rejects.csv`;
}

/** The answer is the newest truth; the list of all imports is stale with it. */
async function keep(answer: Promise<CustomerImport>): Promise<CustomerImport> {
  const imported = await answer;
  queryClient.setQueryData(one(imported.id), imported);
  void queryClient.invalidateQueries({ queryKey: [...KEY, "list"] });
  return imported;
}

export const imports = {
  upload: (file: File, options: { onProgress: (share: number) => void; signal: AbortSignal }) =>
    keep(uploadFile<CustomerImport>("/api/v1/imports", file, options)),
  change: (id: string, change: ImportChange) => keep(http.patch<CustomerImport>(door(id), change)),
  commit: (id: string, acceptFarMoves: boolean) =>
    keep(http.post<CustomerImport>(`${door(id)}/commit`, { accept_far_moves: acceptFarMoves })),
  cancel: (id: string) => keep(http.post<CustomerImport>(`${door(id)}/cancel`)),
  revert: (id: string) => keep(http.post<CustomerImport>(`${door(id)}/revert`)),
};
