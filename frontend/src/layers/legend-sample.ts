/** What a line of a legend shows: the map's own symbol, or its line. The panel and the printed sheet draw the same ones. */
import type { CustomerStatus, Grade, LayerInfo } from "@/api/types";
import type { Look } from "@/map/look";
import { ringOf, symbolCanvas } from "@/map/symbols";
import { clusterCanvas } from "./cluster-symbol";
import { feederColour, stationCanvas, substationCanvas } from "./network";

export type LegendEntry = LayerInfo["legend"][number];

export interface LegendSymbol {
  kind?: string;
  value?: string;
  shape?: string;
  dash?: readonly number[];
}

/** `size` is that of the symbol on the map, in CSS pixels. */
export type Sample = { canvas: HTMLCanvasElement; size: number } | { colour: string; dash: readonly number[] };

export function symbolOf(entry: LegendEntry): LegendSymbol {
  return entry.symbol as LegendSymbol;
}

/** Null when the map has no sign for it. */
export function sampleOf(symbol: LegendSymbol, { theme, imagery }: Pick<Look, "theme" | "imagery">): Sample | null {
  const { kind, value, shape, dash } = symbol;
  const customers = imagery ? "light" : theme;
  const lines = imagery ? "dark" : theme;
  switch (kind) {
    case "grade":
      return {
        canvas: symbolCanvas({ grade: value as Grade, status: "normal", ring: "none", theme: customers }),
        size: 26,
      };
    case "status":
      return {
        canvas: symbolCanvas({ grade: "second", status: value as CustomerStatus, ring: "none", theme: customers }),
        size: 26,
      };
    case "class": {
      const ring = ringOf(value);
      return ring === "none"
        ? null
        : { canvas: symbolCanvas({ grade: "none", status: "normal", ring, theme: customers }), size: 28 };
    }
    case "cluster":
      return { canvas: clusterCanvas({ radius: 14, worst: "special", theme }), size: 28 };
    case "point":
      return shape === "substation"
        ? { canvas: substationCanvas(lines), size: 22 }
        : { canvas: stationCanvas(feederColour("101", lines), lines), size: 16 };
    case "line":
      return { colour: feederColour("101", lines), dash: dash ?? [] };
    case "area":
      return { colour: lines === "dark" ? "#8fa6d6" : "#5a6ea8", dash: dash ?? [1, 4] };
    default:
      return null;
  }
}
