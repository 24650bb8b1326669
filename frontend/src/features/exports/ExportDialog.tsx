/** Choose format and datum; what leaves is what the screen shows. Long lists are written while the person goes on. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCounts } from "@/api/customer-pages";
import { type ExportFile, FORMATS, type Format, useDatums, useRequestExport } from "@/api/exports";
import { useLayers } from "@/api/map-info";
import { boxQuery } from "@/lib/box-query";
import { filterCount, useCustomerFilters } from "@/lib/customer-filters";
import { formatNumber } from "@/lib/format";
import { localized } from "@/lib/i18n";
import { setPreference, usePreferences } from "@/lib/preferences";
import { useStore } from "@/lib/store";
import { Button, Dialog, Message } from "@/lib/ui";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { SelectField } from "@/lib/ui/fields";
import { urlState, useUrl } from "@/lib/url-state";
import { useMap } from "@/map/context";
import { awaitFile, useFinishedNotices } from "./awaited";
import css from "./exports.module.css";
import { Files } from "./Files";
import { choicesOf, download, kept } from "./rules";
import { fileName } from "./words";

const close = () => urlState.set({ export: null });

export default function ExportDialog() {
  const { t } = useTranslation("exports");
  const { export: what } = useUrl();
  const layers = useLayers();
  const layer = layers.data?.find(({ id }) => id === what);
  useFinishedNotices();
  return (
    <Dialog title={t("title", { layer: localized(layer?.title) })} open={!!layer} onClose={close} wide>
      {layer && (
        <>
          <WishForm key={layer.id} what={layer.id} title={localized(layer.title)} />
          <Files layers={layers.data ?? []} />
        </>
      )}
    </Dialog>
  );
}

function WishForm({ what, title }: { what: string; title: string }) {
  const { t } = useTranslation("exports");
  const { inview } = useUrl();
  const { exportFormat, exportCrs } = usePreferences();
  const filters = useCustomerFilters();
  const { bbox } = useStore(useMap().settled);
  const isList = what === "customers";
  const [inView, setInView] = useState(isList && inview === "1");
  const datums = useDatums();
  const request = useRequestExport();
  const [written, setWritten] = useState<ExportFile | null>(null);

  const format = FORMATS.find((known) => known === exportFormat) ?? "csv";
  const offered = choicesOf(format, datums.data ?? []);
  const crs = kept(exportCrs, offered);
  const query = { ...(isList ? filters : {}), ...(inView ? boxQuery(bbox) : {}) };
  const counts = useCounts(query, isList);

  const ask = (event: FormEvent) => {
    event.preventDefault();
    setWritten(null);
    const filter = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
    request.mutate(
      { what, format, crs, filter },
      {
        onSuccess: (file) => {
          setWritten(file);
          if (file.file) download(file.file);
          else awaitFile(file, fileName(title, file));
        },
      },
    );
  };

  return (
    <form className={css.form} onSubmit={ask}>
      <p className={css.rows} role="status">
        {!isList
          ? t("wholeLayer")
          : counts.data &&
            t(filterCount(filters) ? "rowsFiltered" : "rows", {
              count: counts.data.total,
              shown: formatNumber(counts.data.total),
            })}
      </p>
      <div className={css.fields}>
        <SelectField<Format>
          label={t("format")}
          choices={FORMATS.map((value) => ({ value, label: t(`formats.${value}`) }))}
          value={format}
          onChoose={(value) => setPreference("exportFormat", value)}
          data-first=""
        />
        <SelectField
          label={t("crs")}
          choices={offered.map(({ code, label, label_zh }) => ({
            value: code,
            label: nameOf(code, localized({ en: label, zh: label_zh })),
          }))}
          value={crs}
          onChoose={(value) => setPreference("exportCrs", value)}
          disabled={offered.length < 2}
          help={t(`help.${format}`, { defaultValue: "" })}
        />
      </div>
      <label className={css.check}>
        <input type="checkbox" checked={inView} onChange={(event) => setInView(event.target.checked)} />
        <span>{t("inView")}</span>
      </label>
      {request.isError && (
        <Message tone="critical" requestId={errorRequestId(request.error)}>
          {errorText(request.error, t)}
        </Message>
      )}
      {written?.state === "working" && <Message>{t("goesOn")}</Message>}
      <div className={css.deeds}>
        <Button kind="primary" icon="download" type="submit" disabled={request.isPending || datums.isPending}>
          {t(request.isPending ? "writing" : "export")}
        </Button>
      </div>
    </form>
  );
}

function nameOf(code: string, label: string): string {
  return code.startsWith("EPSG") ? `${label} · ${code}` : label;
}
