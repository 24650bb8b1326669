/** Rights as they are wished but not saved yet, by group: kept while other tabs are looked at. */
import type { LayerAction } from "@/api/administration";
import { createStore } from "@/lib/store";

export const wishes = createStore<Readonly<Record<string, readonly LayerAction[]>>>({});

export function wish(group: string, grants: readonly LayerAction[]): void {
  wishes.set((current) => ({ ...current, [group]: grants }));
}

export function forgetWish(group: string): void {
  wishes.set(({ [group]: _, ...rest }) => rest);
}
