/** One row of the file in words: whose it is, and what it does: from, to, and the metres moved. */
import { useTranslation } from "react-i18next";
import type { ImportRow } from "@/api/imports";
import { useMe } from "@/api/session";
import { formatDecimal } from "@/lib/coordinates";
import { formatLength } from "@/lib/format";
import { compassPoint } from "@/lib/geodesy";
import { valueWords } from "@/lib/ledger-words";
import { IconButton } from "@/lib/ui";
import { select } from "@/lib/url-state";
import { DiffSymbol } from "./DiffSymbol";
import css from "./import.module.css";
import { isFar } from "./rules";
import { targetName, toldText } from "./words";

export function CustomerWords({ row, open }: { row: ImportRow; open: boolean }) {
  const { t } = useTranslation("import");
  const { name, account_no, account_id } = row;
  return (
    <>
      <span className={css.who}>
        <b>{name || account_no || t("row.nameless")}</b>
        {name && <small>{account_no}</small>}
      </span>
      {open && account_id !== null && (
        <IconButton
          icon="customers"
          size={16}
          label={t("row.open")}
          onClick={(event) => {
            event.stopPropagation();
            select({ layer: "customers", id: account_id });
          }}
        />
      )}
    </>
  );
}

export function ChangeWords({ row }: { row: ImportRow }) {
  const { t } = useTranslation("import");
  const { status, changes, problem } = row;
  if (problem && status === "rejected") return <Problem text={toldText("problem", problem)} />;
  if (status === "unchanged") return <p className={css.same}>{t("row.same")}</p>;
  return (
    <>
      {problem && <Problem text={t(`kept.${problem.code}`, { defaultValue: problem.text })} />}
      <Moved row={row} />
      {changes.length > 0 && (
        <p className={css.change} data-new={status === "new" ? "" : undefined}>
          {changes.map((change) => (
            <span key={change.field}>
              <i>{targetName(change.field)}</i> <Values {...change} isNew={status === "new"} />
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function Problem({ text }: { text: string }) {
  return (
    <p className={css.problem}>
      <DiffSymbol kind="rejected" />
      <span>{text}</span>
    </p>
  );
}

/** A new customer's values have nothing before them. */
function Values({ field, from, to, isNew }: ImportRow["changes"][number] & { isNew: boolean }) {
  const { t } = useTranslation("import");
  const after = valueWords(field, to) ?? t("row.nothing");
  if (isNew) return after;
  const before = valueWords(field, from);
  return (
    <>
      {before === null ? <span className={css.nothing}>{t("row.nothing")}</span> : <del>{before}</del>}
      <span className="visually-hidden">{t("row.becomes")}</span>
      <span aria-hidden="true"> → </span>
      <ins>{after}</ins>
    </>
  );
}

function Moved({ row }: { row: ImportRow }) {
  const { t } = useTranslation(["import", "moves"]);
  const { status, from, lon, lat, moved_m } = row;
  const far = isFar(moved_m, useMe().utility.guard_distance_m);
  const to = lon === null || lat === null ? null : { lon, lat };
  if (status === "new") {
    return (
      <p className={css.moved}>
        <DiffSymbol kind="new" />
        {to ? formatDecimal(to) : t("row.unplaced")}
      </p>
    );
  }
  if (status === "changed" || !to) return null;
  return (
    <p className={css.moved} data-far={far ? "" : undefined}>
      <DiffSymbol kind={far ? "far" : "moved"} />
      {from && moved_m !== null
        ? t("row.moved", { distance: formatLength(moved_m), direction: t(`moves:compass.${compassPoint(from, to)}`) })
        : t("row.placed")}
      {far && <em>{t("row.far")}</em>}
    </p>
  );
}
