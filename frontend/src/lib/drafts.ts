/** What a person has typed and not saved yet: kept on this device until it is saved or discarded. */

const PREFIX = "gridatlas.draft.";
/** A draft nobody came back to for this long is forgotten. */
const KEPT_MS = 30 * 86_400_000;

interface Kept<T> {
  at: number;
  value: T;
}

export function readDraft<T>(key: string): Kept<T> | null {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + key) ?? "null") as Kept<T> | null;
    return kept && Date.now() - kept.at < KEPT_MS ? kept : null;
  } catch {
    return null;
  }
}

export function keepDraft<T>(key: string, value: T): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify({ at: Date.now(), value } satisfies Kept<T>));
  } catch {
    // A private window may refuse storage: the draft then lasts as long as the page.
  }
}

export function dropDraft(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was stored.
  }
}
