/** Keys of the keyboard: one table, so that `?` can list them and a person can turn the single-key ones off (WCAG 2.1.4). */
import { useEffect } from "react";
import { preferences } from "./preferences";
import { createStore, useStore } from "./store";

export interface Shortcut {
  /** "/", "b", "Escape", or a sequence such as "g m". */
  keys: string;
  /** Translation key with namespace, for the `?` list: "edit:keys.move". */
  label: string;
  run: () => void;
  /** False when it does not apply now; the key then goes on to others. */
  when?: () => boolean;
}

const table = createStore<readonly Shortcut[]>([]);

export function registerShortcuts(shortcuts: readonly Shortcut[]): () => void {
  table.set((current) => [...current, ...shortcuts]);
  return () => table.set((current) => current.filter((shortcut) => !shortcuts.includes(shortcut)));
}

/** Register while the component is mounted. Give a stable array (useMemo or a module constant). */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => registerShortcuts(shortcuts), [shortcuts]);
}

export function useShortcutList(): readonly Shortcut[] {
  return useStore(table);
}

/** Layers of Esc: the last opened closes first. */
const escapes: (() => void)[] = [];

export function pushEscape(close: () => void): () => void {
  escapes.push(close);
  return () => {
    const index = escapes.lastIndexOf(close);
    if (index >= 0) escapes.splice(index, 1);
  };
}

export function useEscape(close: () => void, active = true): void {
  useEffect(() => (active ? pushEscape(close) : undefined), [close, active]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button|range)$/.test(target.type))
  );
}

let pending = "";
let pendingTimer: ReturnType<typeof setTimeout> | undefined;

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    const close = escapes.at(-1);
    if (!close || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    close();
    return;
  }
  if (isTyping(event.target) || !preferences.get().singleKeys) return;
  if (document.querySelector("dialog[open]")) return;

  const sequence = pending ? `${pending} ${event.key}` : event.key;
  clearTimeout(pendingTimer);
  pending = "";
  const candidates = table.get().filter((shortcut) => shortcut.when?.() ?? true);
  const match = candidates.findLast((shortcut) => shortcut.keys === sequence);
  if (match) {
    event.preventDefault();
    match.run();
    return;
  }
  if (candidates.some((shortcut) => shortcut.keys.startsWith(`${event.key} `))) {
    pending = event.key;
    pendingTimer = setTimeout(() => {
      pending = "";
    }, 1_200);
  }
}

if (typeof window !== "undefined") window.addEventListener("keydown", handleKey);
