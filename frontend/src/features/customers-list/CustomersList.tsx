/** Bottom drawer: counts, "in view only", and the table. Selecting here selects on the map, and the other way round. */
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type LedgerQuery, ORDERINGS, type Ordering, refetchLedger, useCounts } from "@/api/customer-pages";
import type { CustomerRow } from "@/api/types";
import { boxQuery } from "@/lib/box-query";
import { useChanges } from "@/lib/changes";
import { type CustomerFilters, useCustomerFilters } from "@/lib/customer-filters";
import { useStore } from "@/lib/store";
import { select, urlState, useUrl } from "@/lib/url-state";
import { useMap } from "@/map/context";
import type { GridMap } from "@/map/grid-map";
import { CountsHeader } from "./CountsHeader";
import css from "./customers-list.module.css";
import { LedgerTable } from "./LedgerTable";
import { useBoxSize } from "./use-box-size";

/** Below this zoom single customers are not drawn: a row flies closer. */
const SINGLE_FROM_ZOOM = 14;
const NARROW_PX = 700;
const SHORT_PX = 190;

export default function CustomersList() {
  const { t } = useTranslation("customers-list");
  const map = useMap();
  const url = useUrl();
  const filters = useCustomerFilters();
  const inView = url.inview === "1";
  const ordering = orderingOf(url.sort);
  const query = useLedgerQuery(map, filters, inView);
  const counts = useCounts(query);
  const [box, { width, height }] = useBoxSize();
  const narrow = width < NARROW_PX;

  useChanges("customers", refetchLedger);

  const choose = (row: CustomerRow) => {
    select({ layer: "customers", id: row.id });
    if (row.lon === null || row.lat === null) return;
    const position = { lon: row.lon, lat: row.lat };
    // "In view only" follows the map: flying away would take the list away under the finger.
    if (inView || map.settled.get().zoom >= SINGLE_FROM_ZOOM) map.reveal(position);
    else map.flyTo({ ...position, zoom: 16 });
  };

  return (
    <section
      ref={box}
      className={css.list}
      data-narrow={narrow ? "" : undefined}
      data-short={height < SHORT_PX ? "" : undefined}
    >
      <CountsHeader
        counts={counts.data}
        filters={filters}
        narrow={narrow}
        inView={inView}
        onInView={(next) => urlState.set({ inview: next ? "1" : null }, { replace: true })}
        ordering={ordering}
        onOrdering={setOrdering}
      />
      <LedgerTable
        query={query}
        ordering={ordering}
        onOrdering={setOrdering}
        narrow={narrow}
        inView={inView}
        filters={filters}
        onChoose={choose}
        label={t("title")}
      />
    </section>
  );
}

function orderingOf(text: string | undefined): Ordering {
  return ORDERINGS.find((ordering) => ordering === text) ?? "grade";
}

function setOrdering(ordering: Ordering): void {
  urlState.set({ sort: ordering === "grade" ? null : ordering }, { replace: true });
}

/** The filters of the address and, if wished, what can be seen of the map; a movement counts once it has come to rest. */
function useLedgerQuery(map: GridMap, filters: CustomerFilters, inView: boolean): LedgerQuery {
  const { bbox } = useStore(map.settled);
  const settled = useSettled(bbox, 300);
  return useMemo(() => (inView ? { ...filters, ...boxQuery(settled) } : filters), [filters, inView, settled]);
}

function useSettled<T>(value: T, delay_ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delay_ms);
    return () => clearTimeout(timer);
  }, [value, delay_ms]);
  return settled;
}
