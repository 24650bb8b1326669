/** Short messages over the map, read out by screen readers. Undo is offered here too, but never only here. */
import { createStore } from "./store";

export interface Notice {
  id: number;
  kind: "info" | "done" | "warning" | "error";
  text: string;
  /** Server's request id of a failure: what a person reads out to support. */
  requestId?: string;
  action?: { label: string; run: () => void };
  /** Milliseconds until it goes by itself; 0 stays until closed. */
  lasts: number;
}

export const notices = createStore<readonly Notice[]>([]);
let nextId = 1;

export function notify(notice: Omit<Notice, "id" | "lasts"> & { lasts?: number }): number {
  const id = nextId++;
  const lasts = notice.lasts ?? (notice.kind === "error" ? 0 : notice.action ? 12_000 : 5_000);
  notices.set((current) => [...current.slice(-3), { ...notice, id, lasts }]);
  if (lasts) setTimeout(() => dismissNotice(id), lasts);
  return id;
}

export function dismissNotice(id: number): void {
  notices.set((current) => current.filter((notice) => notice.id !== id));
}
