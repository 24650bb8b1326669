/**
 * Rights as they are wished but not saved yet, by group: kept while other tabs are looked at. What shall change is kept, not what
 * shall be: whatever somebody else changes meanwhile stays.
 */
import { createStore } from "@/lib/store";
import type { Change } from "./grants";

export const wishes = createStore<Readonly<Record<string, readonly Change[]>>>({});

export function wish(group: string, changes: readonly Change[]): void {
  wishes.set((current) => ({ ...current, [group]: changes }));
}

export function forgetWish(group: string): void {
  wishes.set(({ [group]: _, ...rest }) => rest);
}
