/** How many, without location, contracted; then by grade, class and status: each count narrows list and map by a press. */
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { ORDERINGS, type Ordering } from "@/api/customer-pages";
import { useMe } from "@/api/session";
import { CLASSES, type CustomerCounts, GRADES, STATUSES } from "@/api/types";
import { type CustomerFilters, toggleFilter } from "@/lib/customer-filters";
import { formatNumber, formatQuantity } from "@/lib/format";
import { Button } from "@/lib/ui";
import { type FilterKey, urlState } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import css from "./customers-list.module.css";

export function CountsHeader({
  counts,
  filters,
  narrow,
  inView,
  onInView,
  ordering,
  onOrdering,
}: {
  counts: CustomerCounts | undefined;
  filters: CustomerFilters;
  narrow: boolean;
  inView: boolean;
  onInView: (next: boolean) => void;
  ordering: Ordering;
  onOrdering: (ordering: Ordering) => void;
}) {
  const { t } = useTranslation(["customers-list", "domain", "exports"]);
  const { actions } = useMe();
  const sortId = useId();
  return (
    <header className={css.head}>
      <div className={css.summary}>
        <h2 className="visually-hidden">{t("title")}</h2>
        <p className={css.totals} role="status">
          {counts && <Totals counts={counts} />}
        </p>
        <div className={css.tools}>
          {narrow && (
            <>
              <label htmlFor={sortId} className="visually-hidden">
                {t("sortBy")}
              </label>
              <select
                id={sortId}
                className={css.select}
                value={ordering}
                onChange={(event) => onOrdering(event.target.value as Ordering)}
              >
                {ORDERINGS.map((option) => (
                  <option key={option} value={option}>
                    {t(`ordering.${option}`)}
                  </option>
                ))}
              </select>
            </>
          )}
          <label className={css.toggle}>
            <input type="checkbox" checked={inView} onChange={(event) => onInView(event.target.checked)} />
            <span>{t("inView")}</span>
          </label>
          {actions.includes("export") && (
            <Button kind="quiet" icon="download" onClick={() => urlState.set({ export: "customers" })}>
              {t("exports:open")}
            </Button>
          )}
        </div>
      </div>
      {counts && (
        <div className={css.axes}>
          <Axis name="grade" label={t("domain:field.grade")} words={GRADES} found={counts.by_grade} filters={filters}>
            {(grade) => (
              <>
                <CustomerSymbol grade={grade} status="unknown" size={22} />
                <span>{t(`domain:gradeShort.${grade}`)}</span>
              </>
            )}
          </Axis>
          <Axis name="class" label={t("domain:field.class")} words={CLASSES} found={counts.by_class} filters={filters}>
            {(word) => t(`classShort.${word}`)}
          </Axis>
          <Axis
            name="status"
            label={t("domain:field.status")}
            words={STATUSES}
            found={counts.by_status}
            filters={filters}
          >
            {(status) => t(`domain:status.${status}`)}
          </Axis>
        </div>
      )}
    </header>
  );
}

function Totals({ counts }: { counts: CustomerCounts }) {
  const { t } = useTranslation("customers-list");
  const contracted = formatQuantity(counts.contract_kva, "kVA");
  return (
    <>
      <strong>{t("total", { count: counts.total, shown: formatNumber(counts.total) })}</strong>
      {counts.unlocated > 0 && <span>{t("unlocated", { shown: formatNumber(counts.unlocated) })}</span>}
      {counts.total > 0 && (
        <span>{contracted ? t("contracted", { quantity: contracted }) : t("contractedUnknown")}</span>
      )}
    </>
  );
}

function Axis<Word extends string>({
  name,
  label,
  words,
  found,
  filters,
  children,
}: {
  name: FilterKey;
  label: string;
  words: readonly Word[];
  found: Readonly<Record<string, number>>;
  filters: CustomerFilters;
  children: (word: Word) => ReactNode;
}) {
  const chosen = filters[name] ?? [];
  const shown = words.filter((word) => found[word] || chosen.includes(word));
  if (!shown.length) return null;
  return (
    <fieldset className={css.axis}>
      <legend className="visually-hidden">{label}</legend>
      {shown.map((word) => (
        <button
          key={word}
          type="button"
          className={css.count}
          aria-pressed={chosen.includes(word)}
          onClick={() => toggleFilter(name, word)}
        >
          {children(word)}
          <b>{formatNumber(found[word] ?? 0)}</b>
        </button>
      ))}
    </fieldset>
  );
}
