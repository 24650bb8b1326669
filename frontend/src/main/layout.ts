/** Three layouts: wide (card at the right), tablet (card is a bottom sheet), phone (rail is a tab bar). */
import { createStore, useStore } from "@/lib/store";

export type Layout = "wide" | "tablet" | "phone";

function measure(): Layout {
  const width = window.innerWidth;
  return width <= 640 ? "phone" : width <= 1100 ? "tablet" : "wide";
}

const layout = createStore<Layout>(measure());
const windowHeight = createStore(window.innerHeight);
window.addEventListener("resize", () => {
  layout.set(measure());
  windowHeight.set(window.innerHeight);
});

export function useLayout(): Layout {
  return useStore(layout);
}

export type SheetKind = "card" | "drawer";
export type SheetHeight = "low" | "half" | "full";

const TOPBAR_PX = 48;
/** Height of the tab bar under the map. */
export const tabs_px = (shown: Layout) => (shown === "phone" ? 58 : 0);
/** Of the map above a list at its highest: a list never hides the map. */
const MAP_LEFT_PX = 96;

/** What the person set; a sheet that is opened again has its height. */
export const sheetHeights = createStore<Readonly<Record<SheetKind, SheetHeight>>>({ card: "half", drawer: "half" });

/** Height in CSS pixels of a sheet at the lower edge. */
export function sheetHeight_px(kind: SheetKind, height: SheetHeight, shown: Layout, window_px: number): number {
  const free_px = window_px - TOPBAR_PX - tabs_px(shown);
  if (height === "full") return free_px - (kind === "drawer" ? MAP_LEFT_PX : 12);
  if (height === "low") return shown === "wide" ? 140 : 164;
  return Math.round(window_px * (shown === "wide" ? 0.38 : 0.46));
}

/** How much of the map the open sheets cover from below, and where the free part ends on the page. */
export function useCoveredBelow(open: Readonly<Record<SheetKind, boolean>>): {
  map_px: number;
  page_px: number;
  /** No room is left for buttons over the map. */
  covered: boolean;
} {
  const shown = useLayout();
  const heights = useStore(sheetHeights);
  const window_px = useStore(windowHeight);
  const kinds = (["card", "drawer"] as const).filter((kind) => open[kind] && (kind === "drawer" || shown !== "wide"));
  const map_px = Math.max(0, ...kinds.map((kind) => sheetHeight_px(kind, heights[kind], shown, window_px)));
  const covered = kinds.some((kind) => heights[kind] === "full");
  return { map_px, page_px: map_px + tabs_px(shown), covered };
}

export function useSheetHeight(kind: SheetKind): {
  height: SheetHeight;
  height_px: number;
  set: (next: SheetHeight) => void;
} {
  const shown = useLayout();
  const window_px = useStore(windowHeight);
  const height = useStore(sheetHeights)[kind];
  return {
    height,
    height_px: sheetHeight_px(kind, height, shown, window_px),
    set: (next) => sheetHeights.set((current) => ({ ...current, [kind]: next })),
  };
}
