// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, so the table's own layout and with it its semantics are gone; ARIA's grid says them again.
// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: the same.
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid has one tab stop, its active row.
// biome-ignore-all lint/a11y/noRedundantRoles: the same.
/**
 * The table itself: only the rows on the screen exist in the page, only their pages are asked of the server.
 */
import { FlexRender, type Row, useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type LedgerQuery, type Ordering, pagesOf, useLedgerRows } from "@/api/customer-pages";
import { useCustomer } from "@/api/customers";
import { useMe } from "@/api/session";
import type { CustomerRow } from "@/api/types";
import { type CustomerFilters, clearFilters, filterCount } from "@/lib/customer-filters";
import { formatNumber } from "@/lib/format";
import { Button, Empty, Icon } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import { useRowKeys } from "@/lib/ui/row-keys";
import { urlState, useSelection } from "@/lib/url-state";
import { type ColumnId, features, ledgerColumns, SORTS } from "./columns";
import css from "./customers-list.module.css";

/** Firefox draws no element higher than this; beyond it the list asks to be narrowed. */
const MOST_HEIGHT_PX = 17_000_000;
const NO_ROWS: CustomerRow[] = [];

export function LedgerTable({
  query,
  ordering,
  onOrdering,
  narrow,
  inView,
  filters,
  onChoose,
  label,
}: {
  query: LedgerQuery;
  ordering: Ordering;
  onOrdering: (ordering: Ordering) => void;
  narrow: boolean;
  inView: boolean;
  filters: CustomerFilters;
  onChoose: (row: CustomerRow) => void;
  label: string;
}) {
  const { t } = useTranslation(["customers-list", "domain"]);
  const zone = useMe().utility.zone;
  const scroller = useRef<HTMLDivElement>(null);
  const selection = useSelection();
  const selectedId = selection?.layer === "customers" ? selection.id : null;
  const [pages, setPages] = useState<readonly number[]>([0]);
  const rows = useLedgerRows(query, ordering, pages);
  const rowHeight = useRowHeight(narrow);
  const shownCount = Math.min(rows.count ?? 0, Math.floor(MOST_HEIGHT_PX / rowHeight));
  const virtualizer = useVirtualizer({
    count: shownCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    // Drawn with the next frame: a flush in every scroll event draws some frames twice.
    useFlushSync: false,
    // The head and the pinned row stay on top of the rows.
    scrollPaddingStart: narrow ? 0 : 34,
  });
  const items = virtualizer.getVirtualItems();
  const wanted = pagesOf(items[0]?.index ?? 0, items.at(-1)?.index ?? 0).join();
  // Only another page is another question: most steps of a scroll draw once.
  useEffect(() => setPages(wanted.split(",").map(Number)), [wanted]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows have other heights.
  useLayoutEffect(() => virtualizer.measure(), [rowHeight]);

  const columns = useMemo(() => ledgerColumns(t, zone), [t, zone]);
  const table = useTable({ features, columns, data: rows.rows as CustomerRow[] });
  const modelRows = table.getRowModel().rows;
  const byPlace = new Map(rows.places.map((place, index) => [place, modelRows[index]]));
  const { active, setActive, onKeyDown } = useRowKeys({
    scroller,
    count: shownCount,
    row_px: rowHeight,
    scrollToIndex: virtualizer.scrollToIndex,
    onChoose: (index) => {
      const row = byPlace.get(index)?.original;
      if (row) onChoose(row);
    },
  });

  const question = JSON.stringify([query, ordering]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new question begins at its first row.
  useEffect(() => {
    setActive(0);
    virtualizer.scrollToOffset(0);
  }, [question]);

  const selectedIndex = selectedId === null ? null : rows.indexOf(selectedId);
  // biome-ignore lint/correctness/useExhaustiveDependencies: scroll when another one is selected, not when rows arrive.
  useEffect(() => {
    if (selectedIndex === null) return;
    setActive(selectedIndex);
    virtualizer.scrollToIndex(selectedIndex, { align: "auto" });
  }, [selectedId, selectedIndex !== null]);

  const choose = useRef(onChoose);
  choose.current = onChoose;
  const chooseLatest = useCallback((row: CustomerRow) => choose.current(row), []);

  if (rows.error && rows.count === null) {
    return (
      <div className={css.state}>
        <TryAgain error={rows.error} again={rows.retry} />
      </div>
    );
  }

  const pinned = selectedId !== null && selectedIndex === null && rows.count !== null && !rows.stale;
  return (
    <>
      {rows.error && (
        <div className={css.state}>
          <TryAgain tone="warning" error={rows.error} again={rows.retry} />
        </div>
      )}
      {pinned && <PinnedRow id={selectedId} complete={rows.complete} onChoose={onChoose} />}
      {rows.count === 0 && !rows.stale ? (
        <NothingHere filtered={filterCount(filters) > 0} inView={inView} />
      ) : (
        <div ref={scroller} className={css.scroller} data-stale={rows.stale ? "" : undefined}>
          <table
            role="grid"
            className={css.table}
            aria-label={label}
            aria-rowcount={rows.count === null ? -1 : rows.count + 1}
            aria-colcount={columns.length}
            aria-busy={rows.count === null || rows.stale}
            style={{ height: shownCount * rowHeight + (narrow ? 0 : 34) }}
          >
            <thead role="rowgroup" className={narrow ? "visually-hidden" : css.tableHead}>
              {table.getHeaderGroups().map((group) => (
                <tr role="row" key={group.id} aria-rowindex={1}>
                  {group.headers.map((header) => (
                    <HeaderCell
                      key={header.id}
                      id={header.column.id as ColumnId}
                      ordering={ordering}
                      onOrdering={onOrdering}
                      sortable={!narrow}
                    >
                      <table.FlexRender header={header} />
                    </HeaderCell>
                  ))}
                </tr>
              ))}
            </thead>
            <tbody role="rowgroup" onKeyDown={onKeyDown}>
              {rows.count === null && <SkeletonRows height={rowHeight} columns={columns.length} />}
              {items.map((item) => {
                const row = byPlace.get(item.index);
                return (
                  <LedgerRow
                    key={item.key}
                    row={row}
                    index={item.index}
                    start={item.start}
                    height={rowHeight}
                    columns={columns}
                    selected={row !== undefined && row.original.id === selectedId}
                    active={item.index === active}
                    onActive={setActive}
                    onChoose={chooseLatest}
                  />
                );
              })}
            </tbody>
          </table>
          {rows.count !== null && rows.count > shownCount && (
            <p className={css.cut}>{t("cut", { shown: formatNumber(shownCount), all: formatNumber(rows.count) })}</p>
          )}
        </div>
      )}
    </>
  );
}

type ModelRow = Row<typeof features, CustomerRow>;

/** Drawn again only when something of its own changes: scrolling draws the new rows, not the old ones. */
const LedgerRow = memo(function LedgerRow({
  row,
  index,
  start,
  height,
  columns,
  selected,
  active,
  onActive,
  onChoose,
}: {
  row: ModelRow | undefined;
  index: number;
  start: number;
  height: number;
  /** Also says that the language changed. */
  columns: ReturnType<typeof ledgerColumns>;
  selected: boolean;
  active: boolean;
  onActive: (index: number) => void;
  onChoose: (row: CustomerRow) => void;
}) {
  return (
    <tr
      role="row"
      data-index={index}
      className={css.row}
      style={{ height, transform: `translateY(${start}px)` }}
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      onClick={() => {
        onActive(index);
        if (row) onChoose(row.original);
      }}
      onFocus={() => onActive(index)}
    >
      {row ? (
        row.getAllCells().map((cell) => (
          <td role="gridcell" key={cell.id} data-column={cell.column.id}>
            <FlexRender cell={cell} />
          </td>
        ))
      ) : (
        <SkeletonCells columns={columns.length} />
      )}
    </tr>
  );
});

function HeaderCell({
  id,
  ordering,
  onOrdering,
  sortable,
  children,
}: {
  id: ColumnId;
  ordering: Ordering;
  onOrdering: (ordering: Ordering) => void;
  sortable: boolean;
  children: React.ReactNode;
}) {
  const sorts = SORTS[id];
  const sorted = sorts?.includes(ordering) ? (ordering.startsWith("-") ? "descending" : "ascending") : undefined;
  if (!sorts || !sortable) {
    return (
      <th role="columnheader" scope="col" data-column={id}>
        {children}
      </th>
    );
  }
  const [once, again = once] = sorts;
  return (
    <th role="columnheader" scope="col" data-column={id} aria-sort={sorted ?? "none"}>
      <button type="button" onClick={() => onOrdering(ordering === once ? again : once)}>
        {children}
        <span className={css.arrow} data-sorted={sorted ? "" : undefined}>
          <Icon
            name={(sorted ?? (once.startsWith("-") ? "descending" : "")) === "descending" ? "chevronDown" : "chevronUp"}
            size={12}
          />
        </span>
      </button>
    </th>
  );
}

/** The selected customer when it is not among the loaded rows, so that list and map never contradict each other. */
function PinnedRow({
  id,
  complete,
  onChoose,
}: {
  id: number;
  complete: boolean;
  onChoose: (row: CustomerRow) => void;
}) {
  const { t } = useTranslation(["customers-list", "domain"]);
  const zone = useMe().utility.zone;
  const customer = useCustomer(id);
  const columns = useMemo(() => ledgerColumns(t, zone), [t, zone]);
  const data = useMemo(() => (customer.data ? [customer.data as CustomerRow] : NO_ROWS), [customer.data]);
  const table = useTable({ features, columns, data });
  const row = table.getRowModel().rows[0];
  if (!row) return null;
  return (
    <div className={css.pinned}>
      <span className={css.pinnedNote}>{t(complete ? "selectedNotInList" : "selectedFurtherDown")}</span>
      <button type="button" className={css.row} onClick={() => onChoose(row.original)}>
        {row.getAllCells().map((cell) => (
          <span key={cell.id} data-column={cell.column.id}>
            <table.FlexRender cell={cell} />
          </span>
        ))}
      </button>
    </div>
  );
}

function NothingHere({ filtered, inView }: { filtered: boolean; inView: boolean }) {
  const { t } = useTranslation("customers-list");
  const leaveView = (
    <Button onClick={() => urlState.set({ inview: null }, { replace: true })}>{t("empty.showAll")}</Button>
  );
  if (filtered) {
    return (
      <Empty title={t(inView ? "empty.filteredInView" : "empty.filtered")}>
        <p>{t("empty.filteredHelp")}</p>
        <div className={css.emptyActions}>
          <Button icon="close" onClick={clearFilters}>
            {t("empty.clear")}
          </Button>
          {inView && leaveView}
        </div>
      </Empty>
    );
  }
  if (inView) {
    return (
      <Empty title={t("empty.inView")}>
        <p>{t("empty.inViewHelp")}</p>
        {leaveView}
      </Empty>
    );
  }
  return (
    <Empty title={t("empty.none")}>
      <p>{t("empty.noneHelp")}</p>
    </Empty>
  );
}

function SkeletonRows({ height, columns }: { height: number; columns: number }) {
  return Array.from({ length: 6 }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have nothing else.
    <tr role="row" key={index} className={css.row} style={{ height, transform: `translateY(${index * height}px)` }}>
      <SkeletonCells columns={columns} />
    </tr>
  ));
}

function SkeletonCells({ columns }: { columns: number }) {
  return Array.from({ length: columns }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have nothing else.
    <td role="gridcell" key={index} data-column={index === 1 ? "name" : undefined}>
      <span className={css.bone} />
    </td>
  ));
}

/** 34 px for a mouse, 44 px for fingers; two lines where the list is narrow. */
function useRowHeight(narrow: boolean): number {
  const coarse = useMemo(() => window.matchMedia("(pointer: coarse)").matches, []);
  return narrow ? 58 : coarse ? 44 : 34;
}
