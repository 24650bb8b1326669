/** Imports of customers: a file is read, checked, committed as one batch and can be taken back. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { LonLat } from "@/lib/coordinates";
import { http } from "./http";
import { queryClient } from "./query-client";
import { uploadFile } from "./upload";

export type ImportState =
  | "reading"
  | "waiting"
  | "checked"
  | "committing"
  | "committed"
  | "reverting"
  | "reverted"
  | "cancelled"
  | "failed";

export type RowStatus = "new" | "moved" | "changed" | "moved_and_changed" | "unchanged" | "rejected";

/** What the rows are listed by; "moved" and "changed" both hold those that are both. */
export type RowFilter = Exclude<RowStatus, "moved_and_changed"> | "not_reverted";

/** A stable word to decide by, and the server's sentence with the values in it. */
export interface Told {
  code: string;
  text: string;
}

export interface FileColumn {
  name: string;
  /** At most three. */
  samples: string[];
}

export interface ImportChoices {
  encoding: string | null;
  crs: string | null;
  layer: string | null;
  /** Target of ours: column of the file. */
  mapping: Record<string, string> | null;
  swap_axes: boolean | null;
}

/** What is left out stays; a mapping is sent whole. */
export interface ImportChange {
  encoding?: string;
  crs?: string;
  layer?: string;
  mapping?: Record<string, string>;
  swap_axes?: boolean;
}

export interface ImportCounts {
  new: number;
  moved: number;
  changed: number;
  unchanged: number;
  rejected: number;
  /** Of the moved ones: farther than moves that pass unasked. */
  far_moves: number;
}

/** What the file says of itself, and what was guessed. */
export interface Detected {
  format: string;
  encoding: string | null;
  crs: string | null;
  crs_from: "file" | "guess" | null;
  layer: string | null;
  layers: string[];
  columns: FileColumn[];
  rows: number | null;
  has_geometry: boolean;
}

export interface CustomerImport {
  id: string;
  file_name: string;
  file_bytes: number;
  state: ImportState;
  /** A person's name. */
  by: string;
  at: string;
  /** null until the first rows were read. */
  detected: Detected | null;
  choices: ImportChoices;
  questions: Told[];
  targets: { name: string; required: boolean }[];
  crs_options: { code: string; label: string }[];
  progress: { done: number; total: number | null; rows_per_s: number | null; seconds_left: number | null };
  counts: ImportCounts;
  problem: Told | null;
  can: ("commit" | "cancel" | "revert" | "change")[];
  not_reverted: number;
  committed_at: string | null;
  reverted_at: string | null;
}

export interface ImportRow {
  row_no: number;
  status: RowStatus;
  account_no: string;
  name: string;
  moved_m: number | null;
  lon: number | null;
  lat: number | null;
  from: LonLat | null;
  changes: { field: string; from: unknown; to: unknown }[];
  problem: Told | null;
  account_id: number | null;
}

interface RowsPage {
  rows: ImportRow[];
  /** The row_no to go on after; null at the end. */
  next: number | null;
}

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

export function useImportRows(imported: CustomerImport, status: RowFilter) {
  return useInfiniteQuery({
    queryKey: [...KEY, "rows", imported.id, stampOf(imported), status],
    queryFn: ({ signal, pageParam }) =>
      http.get<RowsPage>(`${door(imported.id)}/rows`, {
        signal,
        query: { status, after: pageParam, limit: PAGE_ROWS },
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
      const { rows } = await http.get<RowsPage>(`${door(imported.id)}/rows`, { signal, query });
      return rows.find((row) => row.row_no === rowNo) ?? null;
    },
    enabled: rowNo !== null,
  });
}

export function useImportDiff(imported: CustomerImport) {
  return useQuery({
    queryKey: [...KEY, "map", imported.id, stampOf(imported)],
    queryFn: ({ signal }) => http.get<ImportDiff>(`${door(imported.id)}/map`, { signal }),
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
