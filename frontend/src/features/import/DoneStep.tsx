/** What was done, row by row, and how to take it back. */
import { useTranslation } from "react-i18next";
import { type CustomerImport, imports, rejectsAddress } from "@/api/imports";
import { formatNumber } from "@/lib/format";
import { Button, Icon, LinkButton, Message } from "@/lib/ui";
import { AskButton, useDeed } from "@/lib/ui/asking";
import { Refusal } from "@/lib/ui/refusal";
import { goTo } from "./address";
import css from "./import.module.css";
import { FileLine } from "./parts";
import { Rows } from "./Rows";
import { toldText } from "./words";

export function DoneStep({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const { busy, error, run } = useDeed();
  const { id, state, counts, can, not_reverted, problem } = imported;
  // It stopped after some of its rows: they can be taken back.
  const stopped = state === "failed" && can.includes("cancel") && !can.includes("change");
  const happened = state === "committed" || state === "reverted" || not_reverted > 0;
  const done = (["new", "moved", "changed"] as const).filter((name) => counts[name] > 0);
  return (
    <div className={css.check}>
      <FileLine imported={imported} />
      <div className={css.told} role="status" data-state={state}>
        <h2>
          <Icon name={state === "committed" ? "check" : state === "reverted" ? "undo" : "info"} size={18} />
          {t(stopped ? "done.stopped" : `done.${state}`)}
        </h2>
        {problem && <p>{toldText("problem", problem)}</p>}
        {happened && done.length > 0 && (
          <p>
            {done
              .map((name) => t(`counted.${name}`, { count: counts[name], shown: formatNumber(counts[name]) }))
              .join(t("comma"))}
          </p>
        )}
        {not_reverted > 0 && (
          <Message tone="warning">
            {t("done.notReverted", { count: not_reverted, shown: formatNumber(not_reverted) })}
          </Message>
        )}
      </div>
      {happened ? <Rows imported={imported} /> : <span />}
      <footer className={css.foot}>
        <Refusal error={error} />
        <div className={css.deeds}>
          <Button kind="primary" icon="upload" onClick={() => goTo(null)}>
            {t("done.another")}
          </Button>
          {counts.rejected > 0 && (
            <LinkButton href={rejectsAddress(id)} icon="download">
              {t("check.rejects")}
            </LinkButton>
          )}
          {stopped && (
            <Button kind="danger" icon="undo" disabled={busy} onClick={() => void run(() => imports.cancel(id))}>
              {t("done.takeBack")}
            </Button>
          )}
          {can.includes("revert") && (
            <AskButton
              icon="undo"
              label={t("revert.open")}
              title={t("revert.title")}
              yes={t("revert.yes")}
              onYes={() => imports.revert(id)}
            >
              <p>{t("revert.help")}</p>
              <p>{t("revert.kept")}</p>
            </AskButton>
          )}
        </div>
      </footer>
    </div>
  );
}
