/** Over the map: what it is narrowed to, each with a way out. Nobody should look at a filtered map and not know it. */
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useCounts } from "@/api/customer-pages";
import { useFilterWords } from "@/api/filter-words";
import {
  type CustomerFilters,
  clearFilters,
  filterCount,
  setTextFilter,
  toggleFilter,
  useCustomerFilters,
} from "@/lib/customer-filters";
import { formatNumber } from "@/lib/format";
import { useStore } from "@/lib/store";
import { Icon } from "@/lib/ui";
import { FILTER_KEYS } from "@/lib/url-state";
import { useMap } from "@/map/context";
import css from "./filters.module.css";

export default function FilterChips() {
  const filters = useCustomerFilters();
  return filterCount(filters) ? <Chips filters={filters} /> : null;
}

function Chips({ filters }: { filters: CustomerFilters }) {
  const { t } = useTranslation(["filters", "domain"]);
  const mode = useStore(useMap().mode);
  const counts = useCounts(filters);
  const labelOf = useFilterWords();
  const row = useRef<HTMLDivElement>(null);

  const remove = (take: () => void) => {
    take();
    // The pressed chip is gone: the focus goes to its neighbour, or to the map.
    requestAnimationFrame(() => {
      const next = row.current?.querySelector("button") ?? document.getElementById("map");
      next?.focus();
    });
  };

  const chips = FILTER_KEYS.flatMap((key) =>
    (filters[key] ?? []).map((value) => ({
      key: `${key}:${value}`,
      label: labelOf(key, value),
      take: () => toggleFilter(key, value),
    })),
  );
  const { q } = filters;
  if (q) chips.push({ key: "q", label: t("textChip", { text: q }), take: () => setTextFilter("") });

  const total = counts.data?.total;
  return (
    <section ref={row} className={css.chips} aria-label={t("activeFilters")} data-mode={mode ? "" : undefined}>
      <span className={css.chipsCount} role="status">
        <Icon name="filter" size={14} />
        {total !== undefined && t("total", { count: total, shown: formatNumber(total) })}
      </span>
      {chips.map(({ key, label, take }) => (
        <button
          key={key}
          type="button"
          className={css.chip}
          aria-label={t("remove", { filter: label })}
          onClick={() => remove(take)}
        >
          <span>{label}</span>
          <Icon name="close" size={13} />
        </button>
      ))}
      {chips.length > 1 && (
        <button type="button" className={css.clear} onClick={() => remove(clearFilters)}>
          {t("clearAll")}
        </button>
      )}
    </section>
  );
}
