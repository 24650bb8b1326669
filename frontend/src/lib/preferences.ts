/** What a person set for themselves on this device: theme, language, keys, datum, format of files. Kept in localStorage. */
import { createStore, useStore } from "./store";

export type Theme = "light" | "dark" | "system";
export type Language = "en" | "zh";

export interface Preferences {
  theme: Theme;
  language: Language | null;
  singleKeys: boolean;
  /** How positions are written: a readout of lib/readouts. */
  datum: string;
  exportFormat: string;
  exportCrs: string;
}

const KEY = "gridatlas.preferences";
const defaults: Preferences = {
  theme: "system",
  language: null,
  singleKeys: true,
  datum: "WGS84",
  exportFormat: "csv",
  exportCrs: "WGS84",
};

function read(): Preferences {
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return defaults;
  }
}

export const preferences = createStore<Preferences>(read());

export function setPreference<K extends keyof Preferences>(key: K, value: Preferences[K]): void {
  preferences.set((current) => ({ ...current, [key]: value }));
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.get()));
  } catch {
    // A private window may refuse storage: the choice then lasts as long as the page.
  }
}

export function usePreferences(): Preferences {
  return useStore(preferences);
}

const systemDark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");

/** "light" or "dark", whatever it came from; the map and the page follow it. */
export const shownTheme = createStore<"light" | "dark">(resolveTheme());

function resolveTheme(): "light" | "dark" {
  const { theme } = preferences.get();
  if (theme !== "system") return theme;
  return systemDark?.matches ? "dark" : "light";
}

function applyTheme(): void {
  const theme = resolveTheme();
  document.documentElement.dataset.theme = theme;
  shownTheme.set(theme);
}

preferences.subscribe(applyTheme);
systemDark?.addEventListener?.("change", applyTheme);

export function useShownTheme(): "light" | "dark" {
  return useStore(shownTheme);
}
