/** What was done, row by row, and how to take it back. */
import { useTranslation } from "react-i18next";
import { type CustomerImport, imports, rejectsAddress } from "@/api/imports";
import { formatNumber } from "@/lib/format";
import { Button, Icon, LinkButton, Message } from "@/lib/ui";
import { AskButton, useDeed } from "@/lib/ui/asking";
import { Refusal } from "@/lib/ui/refusal";
import { goTo } from "./address";
import css from "./import.module.css";
import { FileLine, HowItIsRead } from "./parts";
import { Rows } from "./Rows";
import { toldText } from "./words";

export function DoneStep({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const { busy, error, run } = useDeed();
  const { id, state, counts, can, not_reverted, taken_back, problem } = imported;
  // It stopped after some of its rows: they can be taken back.
  const stopped = state === "failed" && can.includes("cancel") && !can.includes("change");
  const nothing = state === "nothing";
  const happened = nothing || state === "committed" || state === "reverted" || not_reverted > 0;
  return (
    <div className={css.check}>
      <header className={css.about}>
        <FileLine imported={imported} />
        {nothing && <HowItIsRead imported={imported} />}
      </header>
      <div className={css.told} role="status" data-state={state}>
        <h2>
          <Icon name={state === "committed" ? "check" : state === "reverted" ? "undo" : "info"} size={18} />
          {t(stopped ? "done.stopped" : `done.${state}`)}
        </h2>
        {problem && <p>{toldText("problem", problem)}</p>}
        {nothing && <p>{t(counts.rejected ? "done.nothingBut" : "done.nothingText")}</p>}
        {state === "committed" && <Sums counts={counts} words="counted" />}
        {taken_back && <Sums counts={taken_back} words="done.undone" />}
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
          {nothing && can.includes("change") && (
            <Button icon="chevronLeft" onClick={() => goTo(id, "columns")}>
              {t("check.columns")}
            </Button>
          )}
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

const KINDS = ["new", "moved", "changed"] as const;

function Sums({
  counts,
  words,
}: {
  counts: Readonly<Record<(typeof KINDS)[number], number>>;
  words: "counted" | "done.undone";
}) {
  const { t } = useTranslation("import");
  const told = KINDS.filter((kind) => counts[kind] > 0).map((kind) =>
    t(`${words}.${kind}`, { count: counts[kind], shown: formatNumber(counts[kind]) }),
  );
  if (!told.length && words === "counted") return null;
  return <p>{told.join(t("comma")) || t("done.undone.nothing")}</p>;
}
