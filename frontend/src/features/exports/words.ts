/** What the server says about an export, in the language of the interface. */
import i18next from "i18next";
import type { ExportFile } from "@/api/exports";
import { DATUM_NAMES, type Datum } from "@/lib/datums";

export function problemText({ problem }: ExportFile): string {
  return i18next.t(`exports:problem.${problem?.code}`, { defaultValue: problem?.text ?? "" });
}

export function fileName(title: string, { format, crs }: ExportFile): string {
  return [title, i18next.t(`exports:formats.${format}`), DATUM_NAMES[crs as Datum] ?? crs].join(" · ");
}
