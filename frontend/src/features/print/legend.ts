/** The legend of a sheet: of the layers that are shown, what really is on it. */
import type { LayerInfo } from "@/api/types";
import { type LegendEntry, type LegendSymbol, type Sample, sampleOf, symbolOf } from "@/layers/legend-sample";
import { feederColour } from "@/layers/network";
import { localized } from "@/lib/i18n";
import type { Look } from "@/map/look";
import type { Properties } from "@/map/print-map";
import { ringOf } from "@/map/symbols";

export interface LegendRow {
  sample: Sample;
  label: string;
}

export interface LegendGroup {
  title: string;
  /** `sign` is the kind of sign that these rows are about, "" for a layer with one kind only. */
  parts: readonly { sign: string; rows: readonly LegendRow[] }[];
}

const CUSTOMERS = "customers";
const CLUSTERS = "clusters";
/** Signs that say different things on the same symbol. */
const HEADED = new Set(["grade", "status", "class"]);
/** More colours than these nobody tells apart. */
const MOST_FEEDERS = 24;

export function legendOf(
  layers: readonly LayerInfo[],
  seen: ReadonlyMap<string, readonly Properties[]>,
  look: Pick<Look, "theme" | "imagery">,
): LegendGroup[] {
  return layers.flatMap((layer) => {
    const things = seen.get(layer.id) ?? [];
    const parts: { sign: string; rows: LegendRow[] }[] = [];
    for (const entry of layer.legend) {
      const symbol = symbolOf(entry);
      const sample = sampleOf(symbol, look);
      if (!sample || !things.some((thing) => shows(thing, entry, symbol))) continue;
      const sign = symbol.kind && HEADED.has(symbol.kind) ? symbol.kind : "";
      const last = parts.at(-1);
      const row = { sample, label: localized(entry.label) };
      if (last?.sign === sign) last.rows.push(row);
      else parts.push({ sign, rows: [row] });
    }
    const feeders = feedersOf(things, look);
    if (feeders.length > 1) parts.push({ sign: "feeder", rows: feeders });
    return parts.length ? [{ title: localized(layer.title), parts }] : [];
  });
}

function shows(thing: Properties, entry: LegendEntry, { kind, value }: LegendSymbol): boolean {
  // A cell of one customer is drawn as that customer.
  const alone = thing.part === CLUSTERS && Number(thing.n) < 2;
  if ((alone ? CUSTOMERS : thing.part) !== entry.part) return false;
  switch (kind) {
    case "grade":
      return (thing.grade ?? "none") === value;
    case "status":
      return thing.status === value;
    case "class":
      return ringOf(String(thing.classes ?? "")) === ringOf(value);
    default:
      return value === undefined || thing.kind === value;
  }
}

function feedersOf(things: readonly Properties[], { theme, imagery }: Pick<Look, "theme" | "imagery">): LegendRow[] {
  const codes = new Set(
    things.flatMap(({ part, code, feeder_code }) =>
      part === "feeders" ? [String(code)] : part === "lines" && feeder_code ? [String(feeder_code)] : [],
    ),
  );
  return [...codes]
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
    .slice(0, MOST_FEEDERS)
    .map((code) => ({ sample: { colour: feederColour(code, imagery ? "dark" : theme), dash: [] }, label: code }));
}
