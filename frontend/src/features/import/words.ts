/** What the server says about an import, in the language of the interface. */
import i18next from "i18next";
import type { CrsOption, CustomerImport, Told } from "@/api/imports";
import { isProblem } from "@/api/problem";
import { formatMoment } from "@/lib/format";
import { currentLanguage } from "@/lib/i18n";
import { fieldNameWithUnit } from "@/lib/ledger-words";
import { errorText } from "@/lib/ui/errors";

/** What was wrong with a file or a row is told like its problems; all else in the words everybody gets. */
export function refusalText(error: unknown): string {
  if (!isProblem(error)) return errorText(error, i18next.t);
  // A choice that the file does not offer: the sentence belongs to its field.
  const [field] = Object.values(error.fieldErrors).flat();
  if (error.code === "invalid" && field) return field;
  return ownWords("problem", error.code)
    ? toldText("problem", { code: error.code, text: error.message })
    : errorText(error, i18next.t);
}

/** The server's sentence holds the values but is English: elsewhere our own words for its code come first. */
export function toldText(kind: "question" | "problem", { code, text }: Told): string {
  return (currentLanguage() === "en" && text) || ownWords(kind, code) || text;
}

function ownWords(kind: string, code: string): string {
  return i18next.t(`import:${kind}.${code}`, { defaultValue: "" });
}

export function targetName(name: string): string {
  return i18next.t(`import:target.${name}`, { defaultValue: fieldNameWithUnit(name) });
}

/** Its name, with the number that people know beside it; the other codes are ours. */
export function crsName(option: CrsOption): string {
  return showsCode(option) ? `${crsLabel(option)} (${option.code})` : crsLabel(option);
}

export function crsLabel({ label, label_zh }: CrsOption): string {
  return currentLanguage() === "zh" ? label_zh : label;
}

export function showsCode({ code, label }: CrsOption): boolean {
  return code.startsWith("EPSG:") && !label.includes(code);
}

/** Where the datum in force comes from, as a sentence. */
export function crsFrom({ crs_from, remembered }: CustomerImport["choices"], zone: string): string {
  if (!crs_from) return "";
  const who = remembered ? [remembered.by, formatMoment(remembered.at, zone)].filter(Boolean).join(", ") : "";
  return i18next.t(`import:columns.crsFrom.${crs_from}`, { who });
}

export function formatName(format: string): string {
  return i18next.t(`import:format.${format.toLowerCase()}`, { defaultValue: format });
}
