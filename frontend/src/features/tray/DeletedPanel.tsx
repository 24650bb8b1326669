/** Deleted customers, the latest first, each with its way back. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCustomers } from "@/api/customers";
import { useMay, useMe } from "@/api/session";
import type { CustomerRow } from "@/api/types";
import { restoreAndTell } from "@/layers/removal";
import { nameOf } from "@/lib/names";
import { Button, Empty, Loading } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import { Age } from "@/lib/ui/Time";
import { select, urlState } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import css from "./tray.module.css";

export default function DeletedPanel() {
  const { t } = useTranslation(["tray", "common", "errors"]);
  const deleted = useCustomers({ deleted: true, ordering: "-updated_at", limit: 100 });
  const rows = deleted.data?.pages.flatMap((page) => page.results).filter((row) => row.deleted_at) ?? [];
  return (
    <div className={css.tray}>
      {deleted.isPending && <Loading />}
      {deleted.isError && <TryAgain error={deleted.error} again={deleted.refetch} />}
      {deleted.isSuccess && rows.length === 0 && (
        <Empty title={t("deleted.empty.title")}>{t("deleted.empty.text")}</Empty>
      )}
      <ul className={css.rows} aria-label={t("deleted.title")}>
        {rows.map((row) => (
          <Deleted key={row.id} row={row} />
        ))}
      </ul>
      {deleted.hasNextPage && <Button onClick={() => deleted.fetchNextPage()}>{t("more")}</Button>}
      <Button className={css.toDeleted} kind="quiet" icon="tray" onClick={() => urlState.set({ panel: "tray" })}>
        {t("deleted.toTray")}
      </Button>
    </div>
  );
}

function Deleted({ row }: { row: CustomerRow }) {
  const { t } = useTranslation("tray");
  const may = useMay("delete");
  const { zone } = useMe().utility;
  const [working, setWorking] = useState(false);
  const name = nameOf(row);
  return (
    <li className={css.row}>
      <div className={css.who}>
        <CustomerSymbol grade={row.grade} status="closed" classes={row.classes} size={30} />
        <button type="button" className={css.name} onClick={() => select({ layer: "customers", id: row.id })}>
          <strong>{name}</strong>
          {row.deleted_at && (
            <span>
              <Age at={row.deleted_at} zone={zone} text={(age) => t("deleted.when", { age })} />
            </span>
          )}
        </button>
      </div>
      {may && (
        <Button
          disabled={working}
          aria-label={t("deleted.restoreLabel", { name })}
          onClick={async () => {
            setWorking(true);
            await restoreAndTell(row);
            setWorking(false);
          }}
        >
          {t("deleted.restore")}
        </Button>
      )}
    </li>
  );
}
