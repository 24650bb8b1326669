/** The rows of the file by what they do: tabs with counts, the legend of the map, the table. */
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type CustomerImport, type RowFilter, rejectsAddress, useImportRow } from "@/api/imports";
import { formatNumber } from "@/lib/format";
import { Button, LinkButton } from "@/lib/ui";
import { useSelection } from "@/lib/url-state";
import { TABS, turnTo, usePlace } from "./address";
import { DiffSymbol } from "./DiffSymbol";
import css from "./import.module.css";
import { RowsTable } from "./RowsTable";
import { firstTab, tabsOf } from "./rules";
import { type Diff, useDiff } from "./use-diff";

export function Rows({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const { tab: wanted, rowNo } = usePlace();
  const { counts, not_reverted, id } = imported;
  const tabs = TABS.filter((tab) => tab !== "not_reverted" || not_reverted > 0);
  const tab = wanted && tabs.includes(wanted) ? wanted : not_reverted ? "not_reverted" : firstTab(counts);
  const row = useImportRow(imported, rowNo).data ?? null;
  const diff = useDiff(imported, row);
  const selection = useSelection();
  const customerId = selection?.layer === "customers" ? selection.id : null;

  // A row of another tab was selected on the map: the table follows.
  const selected = row?.row_no === rowNo ? row : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once per selected row; after that the tabs are the person's.
  useEffect(() => {
    const [first] = selected ? tabsOf(selected.status) : [];
    if (selected && first && tab !== "not_reverted" && !tabsOf(selected.status).includes(tab)) turnTo(id, first);
  }, [selected?.row_no]);

  return (
    <section className={css.rows} aria-label={t("check.rows")}>
      <Tabs
        tabs={tabs}
        tab={tab}
        count={(one) => (one === "not_reverted" ? not_reverted : counts[one])}
        onTab={(next) => turnTo(id, next)}
      />
      <div className={css.panel} role="tabpanel" id="import-rows" aria-labelledby={`import-tab-${tab}`}>
        {tab === "rejected" && counts.rejected > 0 ? (
          <p className={css.tools}>
            <LinkButton href={rejectsAddress(id)} icon="download">
              {t("check.rejects")}
            </LinkButton>
            <span>{t("check.rejectsHelp")}</span>
          </p>
        ) : (
          <Legend diff={diff} />
        )}
        <RowsTable key={tab} imported={imported} tab={tab} selected={selected} customerId={customerId} />
      </div>
    </section>
  );
}

function Tabs({
  tabs,
  tab,
  count,
  onTab,
}: {
  tabs: readonly RowFilter[];
  tab: RowFilter;
  count: (tab: RowFilter) => number;
  onTab: (tab: RowFilter) => void;
}) {
  const { t } = useTranslation("import");
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = (tabs.indexOf(tab) + step + tabs.length) % tabs.length;
    onTab(tabs[at] ?? tab);
    list.current?.querySelectorAll("button")[at]?.focus();
    event.preventDefault();
  };
  return (
    <div ref={list} className={css.tabs} role="tablist" aria-label={t("check.tabs")} onKeyDown={onKeyDown}>
      {tabs.map((one) => (
        <button
          key={one}
          id={`import-tab-${one}`}
          type="button"
          role="tab"
          aria-selected={one === tab}
          aria-controls="import-rows"
          tabIndex={one === tab ? 0 : -1}
          data-kind={one}
          data-none={count(one) ? undefined : ""}
          onClick={() => onTab(one)}
        >
          <DiffSymbol kind={one} />
          <b>{formatNumber(count(one))}</b>
          <span>{t(`tab.${one}`)}</span>
        </button>
      ))}
    </div>
  );
}

function Legend({ diff }: { diff: Diff }) {
  const { t } = useTranslation("import");
  const { marks, truncated, fit } = diff;
  const kinds = (["new", "moved", "far"] as const).filter((kind) => marks.some((mark) => mark.kind === kind));
  if (!kinds.length) return null;
  return (
    <div className={css.legend}>
      <span>{t("legend.title")}</span>
      <ul aria-label={t("legend.title")}>
        {kinds.map((kind) => (
          <li key={kind}>
            <DiffSymbol kind={kind} />
            {t(`legend.${kind}`)}
          </li>
        ))}
      </ul>
      <Button kind="quiet" icon="locate" onClick={fit}>
        {t("legend.fit")}
      </Button>
      {truncated && <p>{t("legend.truncated", { shown: formatNumber(marks.length) })}</p>}
    </div>
  );
}
