/** English and Simplified Chinese, one chunk per language, one file (= namespace) per feature in src/locales. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { type Language, preferences, setPreference } from "./preferences";

type Resources = Record<string, Record<string, unknown>>;

const loaders: Record<Language, () => Promise<{ default: Resources }>> = {
  en: () => import("../locales/en"),
  zh: () => import("../locales/zh"),
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

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, "common")) return;
  const { default: resources } = await loaders[language]();
  for (const [namespace, texts] of Object.entries(resources)) i18next.addResourceBundle(language, namespace, texts);
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
  await load(language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}

export async function setLanguage(language: Language): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  setPreference("language", language);
}

/** The server sends titles as {en, zh}: take the one of the interface, else the other. */
export function localized(title: { en?: string | null; zh?: string | null } | null | undefined): string {
  if (!title) return "";
  return (currentLanguage() === "zh" ? title.zh || title.en : title.en || title.zh) ?? "";
}
