/** Bottom drawer: filters, the audit newest first, each row with its before and after, and the way out as a file. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type AuditQuery, exportAddress, useAudit } from "@/api/audit";
import { useMe } from "@/api/session";
import { Button, Empty, Loading } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import { ZoneNote } from "@/lib/ui/Time";
import { AuditFilters } from "./AuditFilters";
import { AuditTable } from "./AuditTable";
import css from "./audit.module.css";

export default function AuditDrawer() {
  const { t } = useTranslation(["audit", "common", "errors"]);
  const [query, setQuery] = useState<AuditQuery>({});
  const audit = useAudit(query);
  const { zone } = useMe().utility;
  const rows = audit.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <section className={css.audit} aria-busy={audit.isFetching}>
      <header className={css.head}>
        <h2>{t("title")}</h2>
        <p>{t("question")}</p>
        <ZoneNote className={css.zone} zone={zone} />
        <AuditFilters query={query} onQuery={setQuery} />
        <a className={css.export} href={exportAddress(query)} download title={t("exportHelp")}>
          {t("export")}
        </a>
      </header>
      {audit.isPending && <Loading />}
      {audit.isError && <TryAgain error={audit.error} again={audit.refetch} />}
      {audit.isSuccess && rows.length === 0 && <Empty title={t("empty.title")}>{t("empty.text")}</Empty>}
      {rows.length > 0 && <AuditTable rows={rows} />}
      {audit.hasNextPage && (
        <Button className={css.more} disabled={audit.isFetchingNextPage} onClick={() => audit.fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </section>
  );
}
