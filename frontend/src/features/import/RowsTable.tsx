// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, so the table's own layout and with it its semantics are gone; ARIA's grid says them again.
// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: the same.
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid has one tab stop, its active row.
// biome-ignore-all lint/a11y/noRedundantRoles: the same.
/** The rows of one tab: only those on the screen exist in the page, the next ones are asked for when they are near. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type CustomerImport, type ImportRow, type RowFilter, useImportRows } from "@/api/imports";
import { formatNumber } from "@/lib/format";
import { Empty, Loading } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import { useRowKeys } from "@/lib/ui/row-keys";
import { useMap } from "@/map/context";
import { selectRow } from "./address";
import css from "./import.module.css";
import { ChangeWords, CustomerWords } from "./RowWords";
import { flyToRow } from "./use-diff";

const ROW_PX = 52;
const AHEAD_ROWS = 40;

export function RowsTable({
  imported,
  tab,
  selected,
  customerId,
}: {
  imported: CustomerImport;
  tab: RowFilter;
  selected: ImportRow | null;
  /** Selected on the map as a customer, not as a row. */
  customerId: number | null;
}) {
  const { t } = useTranslation("import");
  const map = useMap();
  const pages = useImportRows(imported, tab);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const scroller = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = pages;

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]?.row_no ?? index,
    overscan: 6,
    useFlushSync: false,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError && last >= rows.length - AHEAD_ROWS) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage, last, rows.length]);

  const choose = (row: ImportRow) => {
    selectRow(row.row_no);
    flyToRow(map, row);
  };
  const { active, setActive, onKeyDown } = useRowKeys({
    scroller,
    count: rows.length,
    row_px: ROW_PX,
    scrollToIndex: virtualizer.scrollToIndex,
    onChoose: (index) => {
      const row = rows[index];
      if (row) choose(row);
    },
  });

  const isSelected = (row: ImportRow) =>
    selected ? row.row_no === selected.row_no : customerId !== null && row.account_id === customerId;
  const selectedIndex = rows.findIndex(isSelected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: scroll when another one is selected, not when rows arrive.
  useEffect(() => {
    if (selectedIndex < 0) return;
    setActive(selectedIndex);
    virtualizer.scrollToIndex(selectedIndex, { align: "auto" });
  }, [selected?.row_no, customerId, selectedIndex >= 0]);

  if (pages.isPending) return <Loading />;
  if (isError && !rows.length) return <TryAgain error={pages.error} again={pages.refetch} />;
  if (!rows.length) return <Empty title={t(`none.${tab}`)} />;

  return (
    <>
      {selected && selectedIndex < 0 && (
        <section className={css.pinned} aria-label={t("check.furtherDown")}>
          <small>{t("check.furtherDown")}</small>
          <div className={css.row}>
            <span data-column="row">{formatNumber(selected.row_no)}</span>
            <div data-column="customer">
              <CustomerWords row={selected} open />
            </div>
            <div data-column="what">
              <ChangeWords row={selected} />
            </div>
          </div>
        </section>
      )}
      <div ref={scroller} className={css.scroller}>
        {/* The browser's own table would wait for all rows. */}
        <table role="grid" className={css.table} aria-label={t(`tab.${tab}`)} aria-rowcount={rows.length + 1}>
          <thead role="rowgroup">
            <tr role="row" aria-rowindex={1}>
              {(["row", "customer", "what"] as const).map((column) => (
                <th key={column} role="columnheader" scope="col" data-column={column}>
                  {t(`column.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup" style={{ height: virtualizer.getTotalSize() }} onKeyDown={onKeyDown}>
            {items.map(({ index, key, start }) => {
              const row = rows[index];
              return (
                row && (
                  <tr
                    role="row"
                    key={key}
                    ref={virtualizer.measureElement}
                    data-index={index}
                    className={css.row}
                    style={{ transform: `translateY(${start}px)` }}
                    aria-rowindex={index + 2}
                    aria-selected={isSelected(row)}
                    tabIndex={index === active ? 0 : -1}
                    onClick={() => {
                      setActive(index);
                      choose(row);
                    }}
                    onFocus={() => setActive(index)}
                  >
                    <td role="gridcell" data-column="row">
                      {formatNumber(row.row_no)}
                    </td>
                    <td role="gridcell" data-column="customer">
                      <CustomerWords row={row} open={isSelected(row)} />
                    </td>
                    <td role="gridcell" data-column="what">
                      <ChangeWords row={row} />
                    </td>
                  </tr>
                )
              );
            })}
          </tbody>
        </table>
        {isFetchingNextPage && <Loading />}
        {isError && <TryAgain tone="warning" error={pages.error} again={fetchNextPage} />}
      </div>
    </>
  );
}
