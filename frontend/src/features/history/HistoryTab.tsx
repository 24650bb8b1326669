/** Tab "History" of the card: the journal in words, newest first, its replay on the map, Undo on every row that has one. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { editCustomer } from "@/api/customer-commands";
import { useCustomer } from "@/api/customers";
import { newIdempotencyKey } from "@/api/http";
import { isMove, useHistory } from "@/api/moves";
import { useMay, useMe } from "@/api/session";
import type { Edit, Move } from "@/api/types";
import { useMapLayers } from "@/layers/context";
import { moveWords, takeBack } from "@/layers/moves";
import { formatTime } from "@/lib/format";
import { fieldName, valueWords } from "@/lib/ledger-words";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { Button, Empty, Icon, Loading, TextField } from "@/lib/ui";
import { errorText, requestIdOf } from "@/lib/ui/errors";
import { TryAgain } from "@/lib/ui/refusal";
import { Age, ZoneNote } from "@/lib/ui/Time";
import { formerValues } from "./former";
import css from "./history.module.css";
import { stepsOf } from "./journal";
import { Replay } from "./Replay";

export default function HistoryTab({ id }: { id: number }) {
  const { t } = useTranslation(["history", "errors", "common"]);
  const { zone } = useMe().utility;
  const journal = useHistory(id);
  const moves = useMemo(() => (journal.data ?? []).filter(isMove), [journal.data]);
  const steps = useMemo(() => stepsOf(moves), [moves]);
  const [chosen, setChosen] = useState<number | null>(null);
  const current = Math.min(chosen ?? steps.length - 1, steps.length - 1);

  if (journal.isPending) return <Loading />;
  if (journal.isError) {
    return <TryAgain error={journal.error} again={journal.refetch} />;
  }
  if (!journal.data.length) return <Empty title={t("empty.title")}>{t("empty.text")}</Empty>;
  return (
    <div className={css.history}>
      {steps.length > 0 && (
        <Replay
          key={id}
          steps={steps}
          current={current}
          onStep={setChosen}
          describe={(step) => <Sentence move={step.move} />}
        />
      )}
      <ol className={css.rows} aria-label={t("rows")} reversed>
        {journal.data.map((row) =>
          isMove(row) ? (
            <Row
              key={row.id}
              customerId={id}
              move={row}
              journal={moves}
              step={steps.findIndex((step) => step.move.id === row.id)}
              current={current}
              onStep={setChosen}
            />
          ) : (
            <EditRow key={`edit-${row.id}`} customerId={id} edit={row} />
          ),
        )}
      </ol>
      <ZoneNote className={css.when} zone={zone} />
    </div>
  );
}

function Row({
  customerId,
  move,
  journal,
  step,
  current,
  onStep,
}: {
  customerId: number;
  move: Move;
  journal: readonly Move[];
  step: number;
  current: number;
  onStep: (step: number) => void;
}) {
  const { t } = useTranslation("history");
  const may = useMay("move");
  const undone = journal.find((other) => other.id === move.undone_by);
  return (
    <li className={css.row} data-current={step >= 0 && step === current ? "" : undefined}>
      {step >= 0 ? (
        <button
          type="button"
          className={css.number}
          aria-label={t("showStep", { number: step + 1 })}
          onClick={() => onStep(step)}
        >
          {step + 1}
        </button>
      ) : (
        <span className={css.number} data-plain="">
          <Icon name={move.kind === "remove" ? "trash" : "refresh"} size={14} />
        </span>
      )}
      <div className={css.words}>
        <Sentence move={move} />
        <When row={move} />
        {undone && <span className={css.when}>{t("undoneBy", { who: undone.actor_name || undone.actor })}</span>}
        {may && move.can_undo && <UndoRow customerId={customerId} move={move} />}
      </div>
    </li>
  );
}

/** "Edited by Pekka Planner", with each field before and after. */
function EditRow({ customerId, edit }: { customerId: number; edit: Edit }) {
  const { t } = useTranslation(["history", "domain", "errors"]);
  const may = useMay("edit");
  const card = useCustomer(customerId).data;
  const former = may && card ? formerValues(edit, card) : null;
  const losesPhones = may && !!edit.actor && edit.changes.some(({ field }) => field === "contacts");
  const [working, setWorking] = useState(false);
  const undo = async () => {
    if (!card || !former) return;
    setWorking(true);
    try {
      await editCustomer(card.id, { ...former, base_version: card.version }, newIdempotencyKey());
      notify({ kind: "done", text: t("editUndone", { name: nameOf(card) }) });
    } catch (error) {
      notify({ kind: "error", text: errorText(error, t), ...requestIdOf(error) });
    }
    setWorking(false);
  };
  return (
    <li className={css.row}>
      <span className={css.number} data-plain="">
        <Icon name="edit" size={14} />
      </span>
      <div className={css.words}>
        <span>
          {t("told.edit", { who: edit.actor_name || edit.actor || t("somebody") })}
          {edit.reason && t("because", { reason: edit.reason })}
        </span>
        {edit.changes.map(({ field, from, to }) => (
          <span key={field}>
            {t("change", {
              field: fieldName(field),
              from: valueWords(field, from) ?? t("nothingThere"),
              to: valueWords(field, to) ?? t("nothingThere"),
            })}
          </span>
        ))}
        <When row={edit} />
        {losesPhones && <span className={css.when}>{t("contactsNotKept")}</span>}
        {former && (
          <Button className={css.undo} icon="undo" disabled={working} onClick={() => void undo()}>
            {t(working ? "undoing" : "undo")}
          </Button>
        )}
      </div>
    </li>
  );
}

function When({ row }: { row: Move | Edit }) {
  const { zone } = useMe().utility;
  return (
    <span className={css.when}>
      <span title={row.device}>{formatTime(row.at, zone)}</span> · <Age at={row.at} zone={zone} />
    </span>
  );
}

/** "Moved 35 m north-east by Pekka Planner, reason: wrong gate". */
function Sentence({ move }: { move: Move }) {
  const { t } = useTranslation("history");
  const who = move.actor_name || move.actor || t("somebody");
  const words = moveWords(move);
  const key = !words && move.kind === "undo" ? (move.to ? "putBack" : "toTray") : move.kind;
  return (
    <span>
      {t(`told.${key}`, { who, distance: words?.distance ?? "", direction: words?.direction ?? "" })}
      {move.reason && t("because", { reason: move.reason })}
    </span>
  );
}

function UndoRow({ customerId, move }: { customerId: number; move: Move }) {
  const { t } = useTranslation("history");
  const layers = useMapLayers();
  const version = useCustomer(customerId).data?.point_version;
  const placing = move.from === null;
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [working, setWorking] = useState(false);
  if (!open) {
    return (
      <Button className={css.undo} icon="undo" onClick={() => setOpen(true)}>
        {t("undo")}
      </Button>
    );
  }
  const run = async () => {
    setWorking(true);
    const done = await takeBack(layers, customerId, move, {
      reason: reason.trim(),
      ...(version === undefined ? {} : { baseVersion: version }),
    });
    setWorking(false);
    if (done) {
      setOpen(false);
      setReason("");
    }
  };
  return (
    <form
      className={css.undoForm}
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <TextField
        label={t("why")}
        value={reason}
        maxLength={500}
        autoFocus
        onChange={(event) => setReason(event.target.value)}
        help={t(placing ? "backToTray" : "backTo")}
      />
      <div>
        <Button type="submit" kind="primary" icon="undo" disabled={working}>
          {t(working ? "undoing" : "undo")}
        </Button>
        <Button kind="quiet" onClick={() => setOpen(false)}>
          {t("notNow")}
        </Button>
      </div>
    </form>
  );
}
