/** A thing's name in the language of the interface. */
import { currentLanguage } from "./i18n";

export function nameOf(thing: { name: string; name_en?: string | null; name_zh?: string | null }): string {
  return (currentLanguage() === "zh" ? thing.name_zh : thing.name_en) || thing.name;
}
