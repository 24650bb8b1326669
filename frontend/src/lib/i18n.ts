/** English and Simplified Chinese, two chunks per language, one file (= namespace) per feature in src/locales. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { type Language, preferences, setPreference } from "./preferences";

type Resources = Record<string, Record<string, unknown>>;

type Part = "first" | "rest";

const loaders: Record<Language, Record<Part, () => Promise<{ default: Resources }>>> = {
  en: { first: () => import("../locales/en/first"), rest: () => import("../locales/en/rest") },
  zh: { first: () => import("../locales/zh/first"), rest: () => import("../locales/zh/rest") },
};

export const LANGUAGES: readonly { code: Language; label: string; tag: string }[] = [
  { code: "en", label: "English", tag: "en" },
  { code: "zh", label: "简体中文", tag: "zh-Hans" },
];

export function currentLanguage(): Language {
  return i18next.language === "zh" ? "zh" : "en";
}

function startLanguage(): Language {
  return preferences.get().language ?? (/^zh/i.test(navigator.language) ? "zh" : "en");
}

const loading = new Map<string, Promise<void>>();

function load(language: Language, part: Part): Promise<void> {
  const key = `${language}/${part}`;
  let done = loading.get(key);
  if (!done) {
    done = loaders[language][part]().then(({ default: resources }) => {
      for (const [namespace, texts] of Object.entries(resources)) i18next.addResourceBundle(language, namespace, texts);
    });
    loading.set(key, done);
  }
  return done;
}

/** The texts of features: awaited by everything that is loaded lazily, so that no panel shows a key. */
export function loadTexts(): Promise<void> {
  return load(currentLanguage(), "rest");
}

export async function startI18n(): Promise<void> {
  const language = startLanguage();
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: {},
    defaultNS: "common",
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { useSuspense: false, bindI18nStore: "added" },
  });
  await load(language, "first");
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}

export async function setLanguage(language: Language): Promise<void> {
  await Promise.all([load(language, "first"), load(language, "rest")]);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  setPreference("language", language);
}

/** The server sends titles as {en, zh}: take the one of the interface, else the other. */
export function localized(title: { en?: string | null; zh?: string | null } | null | undefined): string {
  if (!title) return "";
  return (currentLanguage() === "zh" ? title.zh || title.en : title.en || title.zh) ?? "";
}
