/** The name of a customer or an area in the interface language, else the one it has. */
import { currentLanguage } from "./i18n";

interface Named {
  name: string;
  name_en?: string | null;
  name_zh?: string | null;
}

export function localName({ name, name_en, name_zh }: Named): string {
  return (currentLanguage() === "zh" ? name_zh : name_en) || name;
}
