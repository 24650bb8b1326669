/** Decisions of the screen, without the screen: which step, which file, which tab, which CRS, what to send. */
import type { CustomerImport, DiffFeature, ImportChange, ImportCounts, RowFilter, RowStatus } from "@/api/imports";
import type { LonLat } from "@/lib/coordinates";
import type { DiffMark } from "@/map/import-diff";

export const STEPS = ["file", "columns", "check", "done"] as const;
export type Step = (typeof STEPS)[number];

/** The columns can be looked at again as long as they can be changed. */
export function stepOf({ state, can, detected }: Standing, columnsWanted: boolean): Step {
  const changeable = can.includes("change") && detected !== null;
  if (changeable && columnsWanted) return "columns";
  switch (state) {
    case "reading":
    case "waiting":
      return "columns";
    case "checked":
      return "check";
    case "failed":
      return changeable ? "columns" : "done";
    default:
      return "done";
  }
}

type Standing = Pick<CustomerImport, "state" | "can" | "detected">;

/** As the server has it; a larger one is not worth the way. */
export const MOST_BYTES = 200 * 1024 * 1024;
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

/** Every word typed is in the code or a label, of either language; an exact number of EPSG comes first. */
export function matchingCrs<Option extends { code: string; label: string; label_zh: string }>(
  options: readonly Option[],
  text: string,
): Option[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = options.filter(({ code, label, label_zh }) => {
    const both = `${code} ${label} ${label_zh}`.toLocaleLowerCase();
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

/** What was asked is answered also with what was guessed; of the rest only what differs is sent. null: nothing to send. */
export function changeOf(
  { choices, questions }: Pick<CustomerImport, "choices" | "questions">,
  wishes: Wishes,
): ImportChange | null {
  const asked = questions.map(({ code }) => code);
  const before = choices.mapping ?? {};
  const change: ImportChange = {};
  const { crs, swap_axes } = wishes;
  if (crs !== undefined && (crs !== choices.crs || asked.some((code) => ABOUT_CRS.includes(code)))) change.crs = crs;
  if (swap_axes !== undefined && (swap_axes !== (choices.swap_axes ?? false) || asked.includes(ABOUT_AXES)))
    change.swap_axes = swap_axes;
  if (Object.entries(wishes.mapping).some(([target, column]) => column !== (before[target] ?? "")))
    // What is left out stays: a column that was taken off is said.
    change.mapping = Object.fromEntries(
      Object.entries({ ...before, ...wishes.mapping })
        .filter(([target, column]) => column || before[target])
        .map(([target, column]) => [target, column || null]),
    );
  return Object.keys(change).length ? change : null;
}

export const ABOUT_CRS: readonly string[] = ["crs_unknown", "zone_straddles"];
export const ABOUT_AXES = "axes_swapped";

/** One column fills one field: whoever gives it to another takes it from the one before. */
export function withColumn(
  mapping: Readonly<Record<string, string>>,
  target: string,
  column: string,
): Record<string, string> {
  const freed = Object.entries(mapping).map(([other, taken]) => [other, column && taken === column ? "" : taken]);
  return { ...Object.fromEntries(freed), [target]: column };
}

/** Columns of the file that no target takes. */
export function unusedColumns(
  columns: readonly { name: string }[],
  mapping: Readonly<Record<string, string>>,
): string[] {
  const used = new Set(Object.values(mapping));
  return columns.map(({ name }) => name).filter((name) => !used.has(name));
}

/** Without a place before, a moved one is a point too. */
export function marksOf(
  features: readonly DiffFeature[],
  guard_m: number,
  nameOfRow: (rowNo: number) => string,
): DiffMark[] {
  return features.flatMap(({ geometry, properties: { row_no, status, moved_m } }): DiffMark[] => {
    const isPoint = geometry.type === "Point";
    const from = isPoint ? null : lonLatOf(geometry.coordinates[0]);
    const to = lonLatOf(isPoint ? geometry.coordinates : geometry.coordinates.at(-1));
    const kind = status === "new" ? "new" : isFar(moved_m, guard_m) ? "far" : "moved";
    return to ? [{ row_no, kind, to, from, name: nameOfRow(row_no) }] : [];
  });
}

export function isFar(moved_m: number | null, guard_m: number): boolean {
  return moved_m !== null && moved_m > guard_m;
}

function lonLatOf([lon, lat]: readonly number[] = []): LonLat | null {
  return lon === undefined || lat === undefined ? null : { lon, lat };
}
