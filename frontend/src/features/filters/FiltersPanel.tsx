/** Panel "Customers": every filter with how many customers it would leave. */
import { type ReactNode, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { refetchLedger, useCounts } from "@/api/customer-pages";
import { useMe } from "@/api/session";
import { CLASSES, GRADES, STATUSES } from "@/api/types";
import { useChanges } from "@/lib/changes";
import {
  type CustomerFilters,
  clearFilters,
  filterCount,
  setTextFilter,
  toggleFilter,
  useCustomerFilters,
} from "@/lib/customer-filters";
import { formatNumber } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { Button, TextField } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import { type FilterKey, urlState } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import css from "./filters.module.css";

const TYPING_MS = 250;

export default function FiltersPanel() {
  const { t } = useTranslation(["filters", "domain"]);
  const { areas } = useMe().utility;
  const filters = useCustomerFilters();
  const counts = useCounts(filters);
  useChanges("customers", refetchLedger);

  const active = filterCount(filters);
  const total = counts.data?.total;
  return (
    <div className={css.panel}>
      <div className={css.top}>
        <p role="status">
          {total !== undefined && t(active ? "matching" : "all", { count: total, shown: formatNumber(total) })}
        </p>
        <Button icon="close" disabled={!active} onClick={clearFilters}>
          {t("clearAll")}
        </Button>
      </div>
      {counts.isError && <TryAgain error={counts.error} again={counts.refetch} />}
      <TextFilter text={filters.q ?? ""} />
      <Group name="grade" label={t("domain:field.grade")} words={GRADES} filters={filters}>
        {(grade) => (
          <>
            <CustomerSymbol grade={grade} status="unknown" size={24} />
            {t(`domain:grade.${grade}`)}
          </>
        )}
      </Group>
      <Group name="class" label={t("domain:field.class")} words={CLASSES} filters={filters}>
        {(word) => (
          <>
            <CustomerSymbol grade="none" status="unknown" classes={word} size={24} />
            {t(`domain:class.${word}`)}
          </>
        )}
      </Group>
      <Group name="status" label={t("domain:field.status")} words={STATUSES} filters={filters}>
        {(status) => (
          <>
            <CustomerSymbol grade="second" status={status} size={24} />
            {t(`domain:status.${status}`)}
          </>
        )}
      </Group>
      {areas.length > 0 && <AreaGroups filters={filters} />}
      <div className={css.foot}>
        <Button icon="list" onClick={() => urlState.set({ drawer: "customers" })}>
          {t("openList")}
        </Button>
      </div>
    </div>
  );
}

/** Written to the address a moment after the last letter; a change from elsewhere (Clear all, Back) shows here. */
function TextFilter({ text }: { text: string }) {
  const { t } = useTranslation("filters");
  const [typed, setTyped] = useState(text);
  const [before, setBefore] = useState(text);
  if (text !== before) {
    setBefore(text);
    if (text !== typed.trim()) setTyped(text);
  }

  useEffect(() => {
    const timer = setTimeout(() => setTextFilter(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <TextField
      type="search"
      label={t("text")}
      help={t("textHelp")}
      value={typed}
      maxLength={200}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

function AreaGroups({ filters }: { filters: CustomerFilters }) {
  const { t } = useTranslation("filters");
  const { areas } = useMe().utility;
  const named = new Map(areas.map((area) => [area.code, area]));
  const codes = (kind: string) => areas.filter((area) => area.kind === kind).map((area) => area.code);
  const label = (code: string) => {
    const area = named.get(code);
    return area ? nameOf(area) : code;
  };
  return (
    <>
      <Group name="area" label={t("serviceAreas")} words={codes("service_area")} filters={filters} uncounted>
        {label}
      </Group>
      <Group name="area" label={t("counties")} words={codes("county")} filters={filters} uncounted>
        {label}
      </Group>
    </>
  );
}

function Group<Word extends string>({
  name,
  label,
  words,
  filters,
  uncounted = false,
  children,
}: {
  name: FilterKey;
  label: string;
  words: readonly Word[];
  filters: CustomerFilters;
  uncounted?: boolean;
  children: (word: Word) => ReactNode;
}) {
  const headingId = useId();
  const chosen = filters[name] ?? [];
  // Within one group words add up, so each is counted without the group's own choice.
  const { [name]: _own, ...others } = filters;
  const counts = useCounts(others, !uncounted);
  const found = uncounted ? undefined : counts.data?.[`by_${name as "grade" | "class" | "status"}`];
  if (!words.length) return null;
  return (
    <fieldset className={css.group} aria-labelledby={headingId}>
      <h3 id={headingId}>{label}</h3>
      {words.map((word) => (
        <label key={word} className={css.option}>
          <input type="checkbox" checked={chosen.includes(word)} onChange={() => toggleFilter(name, word)} />
          <span className={css.word}>{children(word)}</span>
          {found && <span className={css.number}>{formatNumber(found[word] ?? 0)}</span>}
        </label>
      ))}
    </fieldset>
  );
}
