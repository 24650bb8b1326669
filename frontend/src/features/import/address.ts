/** Where one is: `#import=new`, `#import=<id>/columns`, `#import=<id>/moved`; the row is the selection, `#sel=import:12`. */
import type { RowFilter } from "@/api/imports";
import { parseSelection, type UrlParams, urlState, useUrl } from "@/lib/url-state";
import { IMPORT_LAYER } from "@/map/import-diff";

export const TABS = [
  "new",
  "moved",
  "changed",
  "unchanged",
  "rejected",
  "not_reverted",
] as const satisfies readonly RowFilter[];

export interface Place {
  /** null: the list of recent imports. */
  id: string | null;
  columns: boolean;
  tab: RowFilter | null;
  /** The row that is looked at. */
  rowNo: number | null;
}

export function parsePlace({ import: place = "", sel }: UrlParams): Place {
  const [first = "", part = ""] = place.split("/");
  const selection = parseSelection(sel);
  return {
    id: first && first !== "new" ? first : null,
    columns: part === "columns",
    tab: TABS.find((tab) => tab === part) ?? null,
    rowNo: selection?.layer === IMPORT_LAYER ? selection.id : null,
  };
}

export function usePlace(): Place {
  return parsePlace(useUrl());
}

/** Another step or tab starts without a selected row. */
export function goTo(id: string | null, part = "", options?: { replace?: boolean }): void {
  const { rowNo } = parsePlace(urlState.get());
  urlState.set(
    { import: id ? [id, part].filter(Boolean).join("/") : "new", ...(rowNo === null ? {} : { sel: null }) },
    options,
  );
}

/** Another tab for the same selected row: the map may select one of another tab. */
export function turnTo(id: string, tab: RowFilter): void {
  urlState.set({ import: `${id}/${tab}` }, { replace: true });
}

export function selectRow(rowNo: number): void {
  urlState.set({ sel: `${IMPORT_LAYER}:${rowNo}` }, { replace: parsePlace(urlState.get()).rowNo !== null });
}

/** A selected row means nothing without its import. */
export function forgetRow(): void {
  if (parsePlace(urlState.get()).rowNo !== null) urlState.set({ sel: null }, { replace: true });
}
