/** The server works: rows done, rows a second, time left; it can be stopped, and goes on without this page. */
import { useTranslation } from "react-i18next";
import { type CustomerImport, imports } from "@/api/imports";
import { formatClock, formatNumber } from "@/lib/format";
import { Button } from "@/lib/ui";
import { AskButton, useDeed } from "@/lib/ui/asking";
import { Refusal } from "@/lib/ui/refusal";
import css from "./import.module.css";
import { Bar, FileLine } from "./parts";

export function Working({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation(["import", "common"]);
  const { busy, error, run } = useDeed();
  const { state, progress, can, id } = imported;
  const { done, total, rows_per_s, seconds_left } = progress;
  const told = [
    total === null
      ? t("rows", { count: done, shown: formatNumber(done) })
      : t("working.of", { done: formatNumber(done), total: formatNumber(total) }),
    rows_per_s !== null && t("working.speed", { shown: formatNumber(rows_per_s) }),
    seconds_left !== null && t("working.left", { time: formatClock(Math.ceil(seconds_left)) }),
  ].filter(Boolean);
  return (
    <div className={css.step}>
      <FileLine imported={imported} />
      <div className={css.working}>
        <Bar label={t(`working.${state}`)} share={total ? Math.min(1, done / total) : null} />
        <p className={css.speed}>{told.join(" · ")}</p>
        <p className={css.note}>{t("working.goesOn")}</p>
      </div>
      <Refusal error={error} />
      {can.includes("cancel") && (
        <div className={css.deeds}>
          {state === "committing" ? (
            <AskButton
              label={t("working.stop")}
              title={t("working.stopTitle")}
              yes={t("working.stopYes")}
              onYes={() => imports.cancel(id)}
            >
              <p>{t("working.stopHelp")}</p>
            </AskButton>
          ) : (
            <Button disabled={busy} onClick={() => void run(() => imports.cancel(id))}>
              {t("common:cancel")}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
