/** The tool in the hand: which shape is being drawn, how far it is, and the way out. The finished shape is in the address. */
import { useMemo } from "react";
import { type DrawnShape, formatShape, parseShape, type ShapeKind } from "@/lib/shapes";
import { createStore } from "@/lib/store";
import { urlState, useUrl } from "@/lib/url-state";
import type { DraftProgress, DrawingSession } from "@/map/draw";
import type { GridMap } from "@/map/grid-map";

export interface Drawing extends DraftProgress {
  kind: ShapeKind;
  session: DrawingSession;
}

export const drawing = createStore<Drawing | null>(null);

/** Kept for the next corridor. */
export const corridorWidth_m = createStore(200);

/** A phone's panel covers the map: it makes room while a shape is drawn. */
const coversMap = () => window.matchMedia("(max-width: 640px)").matches;

export async function beginDrawing(map: GridMap, kind: ShapeKind, hint: string): Promise<void> {
  if (drawing.get()?.kind === kind) {
    drawing.get()?.session.leave();
    return;
  }
  const { startDrawing } = await import("@/map/draw");
  const reopen = coversMap();
  if (reopen) urlState.set({ panel: null }, { replace: true });
  const session = startDrawing(map, kind, {
    hint,
    width_m: corridorWidth_m.get(),
    onProgress: (progress) => drawing.set((current) => current && { ...current, ...progress }),
    onFinish: (shape) => showShape(shape),
    onLeave: () => drawing.set(null),
  });
  drawing.set({ kind, session, corners: 0, size_m: null });
}

export function showShape(shape: DrawnShape): void {
  urlState.set({ draw: formatShape(shape), panel: "draw" });
}

/** Its size is being tried out: no step of the history for each number. */
export function resizeShape(shape: DrawnShape): void {
  urlState.set({ draw: formatShape(shape) }, { replace: true });
}

export function clearShape(): void {
  urlState.set({ draw: null });
}

export function useDrawnShape(): DrawnShape | null {
  const { draw } = useUrl();
  return useMemo(() => parseShape(draw), [draw]);
}
