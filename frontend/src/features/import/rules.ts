/** Decisions of the screen, without the screen: which step, which file, which tab, which CRS, what to send. */
import type { CustomerImport, DiffFeature, ImportChange, ImportCounts, RowFilter, RowStatus } from "@/api/imports";
import type { LonLat } from "@/lib/coordinates";
import { distanceBetween_m } from "@/lib/geodesy";
import type { DiffMark } from "@/map/import-diff";

export const STEPS = ["file", "columns", "check", "done"] as const;
export type Step = (typeof STEPS)[number];

/** The columns can be looked at again as long as they can be changed. */
export function stepOf({ state, can }: Pick<CustomerImport, "state" | "can">, columnsWanted: boolean): Step {
  if (columnsWanted && can.includes("change") && state !== "reading") return "columns";
  switch (state) {
    case "reading":
    case "waiting":
      return "columns";
    case "checked":
      return "check";
    case "failed":
      return can.includes("change") ? "columns" : "done";
    default:
      return "done";
  }
}

/** As the server has it; a larger one is not worth the way. */
export const MOST_BYTES = 200_000_000;
const PARTS_OF_A_SHAPEFILE = /\.(shp|dbf|shx|prj|cpg|sbn|sbx)$/i;

export type FileRefusal = "none" | "several" | "part" | "empty" | "too_large";

/** What is wrong with what was dropped, before any of it is sent; null when it is one file worth trying. */
export function fileRefusal(files: readonly Pick<File, "name" | "size">[]): FileRefusal | null {
  const [file, ...others] = files;
  if (!file) return "none";
  if (files.some(({ name }) => PARTS_OF_A_SHAPEFILE.test(name))) return "part";
  if (others.length) return "several";
  if (file.size === 0) return "empty";
  return file.size > MOST_BYTES ? "too_large" : null;
}

export function tabsOf(status: RowStatus): readonly RowFilter[] {
  return status === "moved_and_changed" ? ["moved", "changed"] : [status];
}

/** The first tab in which something is going to happen; else the first with anything in it. */
export function firstTab(counts: ImportCounts): RowFilter {
  const order = ["new", "moved", "changed", "rejected", "unchanged"] as const;
  return order.find((tab) => counts[tab] > 0) ?? "new";
}

export function doesSomething(counts: ImportCounts): boolean {
  return counts.new + counts.moved + counts.changed > 0;
}

/** Every word typed is in the code or the label; an exact number of EPSG comes first. */
export function matchingCrs<Option extends { code: string; label: string }>(
  options: readonly Option[],
  text: string,
): Option[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = options.filter(({ code, label }) => {
    const both = `${code} ${label}`.toLocaleLowerCase();
    return words.every((word) => both.includes(word));
  });
  const exact = ({ code }: Option) =>
    words.some((word) => code.toLocaleLowerCase().replace(/^epsg:/, "") === word.replace(/^epsg:/, ""));
  return [...found.filter(exact), ...found.filter((option) => !exact(option))];
}

/** What a person has set on the page of columns and not sent yet. */
export interface Wishes {
  crs?: string;
  swap_axes?: boolean;
  /** "" takes a column off its target. */
  mapping: Readonly<Record<string, string>>;
}

/** Only what differs from what the server has; null when nothing does. */
export function changeOf({ choices }: Pick<CustomerImport, "choices">, wishes: Wishes): ImportChange | null {
  const mapping = Object.entries(wishes.mapping).filter(
    ([target, column]) => column !== (choices.mapping[target] ?? ""),
  );
  const change: ImportChange = {};
  if (wishes.crs !== undefined && wishes.crs !== choices.crs) change.crs = wishes.crs;
  if (wishes.swap_axes !== undefined && wishes.swap_axes !== choices.swap_axes) change.swap_axes = wishes.swap_axes;
  if (mapping.length) change.mapping = Object.fromEntries(mapping.map(([target, column]) => [target, column || null]));
  return Object.keys(change).length ? change : null;
}

/** Columns of the file that no target takes. */
export function unusedColumns(
  columns: readonly { name: string }[],
  mapping: Readonly<Record<string, string>>,
): string[] {
  const used = new Set(Object.values(mapping));
  return columns.map(({ name }) => name).filter((name) => !used.has(name));
}

export function marksOf(
  features: readonly DiffFeature[],
  guard_m: number,
  nameOfRow: (rowNo: number) => string,
): DiffMark[] {
  return features.flatMap(({ geometry, properties: { row_no } }): DiffMark[] => {
    const places = geometry.type === "Point" ? [geometry.coordinates] : geometry.coordinates;
    const [from, to] = [lonLatOf(places[0]), lonLatOf(places.at(-1))];
    if (!from || !to) return [];
    const name = nameOfRow(row_no);
    if (geometry.type === "Point") return [{ row_no, kind: "new", to, from: null, name }];
    return [{ row_no, kind: distanceBetween_m(from, to) > guard_m ? "far" : "moved", to, from, name }];
  });
}

function lonLatOf([lon, lat]: readonly number[] = []): LonLat | null {
  return lon === undefined || lat === undefined ? null : { lon, lat };
}
