/** Exactly what would change, before anything does; then the one button that does it. */
import { useTranslation } from "react-i18next";
import { type CustomerImport, imports } from "@/api/imports";
import { useMe } from "@/api/session";
import { formatLength, formatNumber } from "@/lib/format";
import { Button } from "@/lib/ui";
import { AskButton, useDeed } from "@/lib/ui/asking";
import { Refusal } from "@/lib/ui/refusal";
import { goTo } from "./address";
import css from "./import.module.css";
import { FileLine, HowItIsRead } from "./parts";
import { Rows } from "./Rows";

export function CheckStep({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const guard_m = useMe().utility.guard_distance_m;
  const { busy, error, run } = useDeed();
  const { id, counts, can } = imported;
  const moves = counts.far_moves;
  return (
    <div className={css.check}>
      <header className={css.about}>
        <FileLine imported={imported} />
        <HowItIsRead imported={imported} />
      </header>
      <Rows imported={imported} />
      <footer className={css.foot}>
        <Refusal error={error} />
        <div className={css.deeds}>
          {can.includes("commit") &&
            (moves > 0 ? (
              <AskButton
                kind="primary"
                icon="check"
                label={t("check.commit")}
                title={t("far.title", { count: moves, shown: formatNumber(moves) })}
                yes={t("far.yes")}
                onYes={() => imports.commit(id, true)}
              >
                <p>{t("far.help", { distance: formatLength(guard_m) })}</p>
              </AskButton>
            ) : (
              <Button
                kind="primary"
                icon="check"
                disabled={busy}
                onClick={() => void run(() => imports.commit(id, false))}
              >
                {t("check.commit")}
              </Button>
            ))}
          {can.includes("change") && (
            <Button icon="chevronLeft" onClick={() => goTo(id, "columns")}>
              {t("check.columns")}
            </Button>
          )}
          {can.includes("cancel") && (
            <Button
              kind="quiet"
              disabled={busy}
              onClick={() => void run(() => imports.cancel(id)).then((done) => done && goTo(null))}
            >
              {t("giveUp")}
            </Button>
          )}
        </div>
      </footer>
    </div>
  );
}
