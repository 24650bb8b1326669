/** How the map is painted now: theme, what lies below, language. Layers repaint when it changes. */
import i18next from "i18next";
import { currentLanguage } from "@/lib/i18n";
import { shownTheme } from "@/lib/preferences";
import { createStore } from "@/lib/store";

export interface Look {
  theme: "light" | "dark";
  /** Imagery below: labels get the dark halo, symbols the white edge. */
  imagery: boolean;
  language: "en" | "zh";
}

export const look = createStore<Look>({ theme: shownTheme.get(), imagery: false, language: currentLanguage() });

shownTheme.subscribe(() => look.set((current) => ({ ...current, theme: shownTheme.get() })));
i18next.on("languageChanged", () => look.set((current) => ({ ...current, language: currentLanguage() })));

/** Paint the map as for paper, light whatever the page's theme is. Returns how to go back. */
export function lookLikePaper(): () => void {
  const paint = () => look.set((current) => (current.theme === "light" ? current : { ...current, theme: "light" }));
  paint();
  const stop = shownTheme.subscribe(paint);
  return () => {
    stop();
    look.set((current) => ({ ...current, theme: shownTheme.get() }));
  };
}

export const MAP_FONT =
  '"Inter", "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif';

/** A value computed once per look: styles are built again when theme, imagery or language changes. */
export function perLook<T>(build: (look: Look) => T): () => T {
  let builtFor: Look | null = null;
  let value: T;
  return () => {
    const current = look.get();
    if (builtFor !== current) {
      value = build(current);
      builtFor = current;
    }
    return value;
  };
}
