/** What people read about a basemap: its titles, its day, whose it is, and in which datum it was drawn. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AdminBasemap, BasemapWords, Datum } from "@/api/basemap-admin";
import { TextField } from "@/lib/ui";
import { SelectField } from "@/lib/ui/fields";
import css from "./administration.module.css";

const DATUMS: readonly Datum[] = ["WGS84", "CGCS2000", "GCJ02", "BD09"];

/** The words of a basemap that is there, or those of a new one with this title. */
export function useWords(from: AdminBasemap | string) {
  const [words, setWords] = useState<BasemapWords>(() =>
    typeof from === "string"
      ? { title_en: from, title_zh: "", datum: "WGS84", taken_date: null, licence: "", attribution: "" }
      : {
          title_en: from.title_en,
          title_zh: from.title_zh,
          datum: DATUMS.find((datum) => datum === from.datum) ?? "WGS84",
          taken_date: from.taken_date ?? null,
          licence: from.licence ?? "",
          attribution: from.attribution ?? "",
        },
  );
  const set = (change: Partial<BasemapWords>) => setWords((before) => ({ ...before, ...change }));
  return { words, set };
}

export function BasemapFields({ words, set }: { words: BasemapWords; set: (change: Partial<BasemapWords>) => void }) {
  const { t } = useTranslation("administration");
  return (
    <>
      <div className={css.pair}>
        <TextField
          label={t("basemaps.field.title_en")}
          value={words.title_en}
          maxLength={120}
          required
          data-first=""
          onChange={(event) => set({ title_en: event.target.value })}
        />
        <TextField
          label={t("basemaps.field.title_zh")}
          value={words.title_zh}
          maxLength={120}
          onChange={(event) => set({ title_zh: event.target.value })}
        />
      </div>
      <div className={css.pair}>
        <TextField
          label={t("basemaps.field.taken_date")}
          type="date"
          value={words.taken_date ?? ""}
          help={t("basemaps.field.taken_dateHelp")}
          onChange={(event) => set({ taken_date: event.target.value || null })}
        />
        <SelectField
          label={t("basemaps.field.datum")}
          value={words.datum}
          choices={DATUMS.map((datum) => ({ value: datum, label: t(`basemaps.datum.${datum}`) }))}
          help={t("basemaps.field.datumHelp")}
          onChoose={(datum) => set({ datum })}
        />
      </div>
      <div className={css.pair}>
        <TextField
          label={t("basemaps.field.attribution")}
          value={words.attribution}
          maxLength={300}
          help={t("basemaps.field.attributionHelp")}
          onChange={(event) => set({ attribution: event.target.value })}
        />
        <TextField
          label={t("basemaps.field.licence")}
          value={words.licence}
          maxLength={200}
          onChange={(event) => set({ licence: event.target.value })}
        />
      </div>
    </>
  );
}
