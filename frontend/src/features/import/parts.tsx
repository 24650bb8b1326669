/** What the steps share: the file's name, how far it is. */
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { CustomerImport } from "@/api/imports";
import { useMe } from "@/api/session";
import { formatBytes, formatNumber } from "@/lib/format";
import css from "./import.module.css";
import { unusedColumns } from "./rules";
import { crsFrom, crsName, formatName } from "./words";

/** Name, kind and size: which file this is about stays in sight. */
export function FileLine({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const { detected, file_name, file_bytes } = imported;
  const rows = detected?.rows ?? null;
  const about = [
    detected && formatName(detected.format),
    rows !== null && t("rows", { count: rows, shown: formatNumber(rows) }),
    formatBytes(file_bytes),
  ].filter(Boolean);
  return (
    <p className={css.file}>
      <b title={file_name}>{file_name}</b>
      <small>{about.join(" · ")}</small>
    </p>
  );
}

/** What of the file is left out, and in which datum it is read: whoever checks the rows sees it beside them. */
export function HowItIsRead({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const { zone } = useMe().utility;
  const { choices, detected, crs_options } = imported;
  const datum = crs_options.find(({ code }) => code === choices.crs);
  const unused = unusedColumns(detected?.columns ?? [], choices.mapping);
  return (
    <>
      {datum && <p className={css.note}>{t("check.datum", { name: crsName(datum), from: crsFrom(choices, zone) })}</p>}
      <Unused names={unused} />
    </>
  );
}

export function Unused({ names }: { names: readonly string[] }) {
  const { t } = useTranslation("import");
  if (!names.length) return null;
  return <p className={css.note}>{t("columns.unused", { count: names.length, names: names.join(t("comma")) })}</p>;
}

/** A progress bar with its name; `share` 0 to 1, or null while nobody knows how much there is. */
export function Bar({ label, share }: { label: string; share: number | null }) {
  const id = useId();
  return (
    <div className={css.progress}>
      <label htmlFor={id}>{label}</label>
      <progress id={id} max={1} {...(share === null ? {} : { value: share })} />
    </div>
  );
}
