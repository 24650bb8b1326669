/** The card's button: delete with a reason; on a deleted customer, bring it back. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { deleteCustomer, theirCardOf } from "@/api/customer-commands";
import { useCustomer } from "@/api/customers";
import { readCard } from "@/api/moves";
import { useMay } from "@/api/session";
import type { CustomerCard } from "@/api/types";
import { restoreAndTell } from "@/layers/removal";
import { formatAge } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { Button, Dialog, IconButton, Message, TextField } from "@/lib/ui";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { useNow } from "@/lib/ui/Time";
import { select } from "@/lib/url-state";
import css from "./edit.module.css";

const QUICK_REASONS = ["closed", "double", "wrong"] as const;

export default function DeleteAction({ id }: { id: number }) {
  const { t } = useTranslation("edit");
  const may = useMay("delete");
  const card = useCustomer(id).data;
  const now = useNow();
  const [open, setOpen] = useState(false);
  if (!may || !card) return null;
  if (card.deleted_at) {
    return (
      <div className={css.deleted}>
        <Message tone="warning">
          {t("delete.isDeleted", { age: formatAge(card.deleted_at, now), reason: card.delete_reason })}
        </Message>
        <Button kind="primary" icon="undo" onClick={() => restoreAndTell(card)}>
          {t("delete.restore")}
        </Button>
      </div>
    );
  }
  return (
    <>
      <IconButton icon="trash" kind="default" label={t("delete.open")} onClick={() => setOpen(true)} />
      <Dialog title={t("delete.title", { name: nameOf(card) })} open={open} onClose={() => setOpen(false)}>
        <DeleteForm card={card} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function DeleteForm({ card, onDone }: { card: CustomerCard; onDone: () => void }) {
  const { t } = useTranslation(["edit", "errors"]);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setMissing(!reason.trim());
    if (!reason.trim()) return;
    setWorking(true);
    try {
      const deleted = await deleteCustomer(card.id, { base_version: card.version, reason: reason.trim() });
      onDone();
      select(null);
      notify({
        kind: "done",
        text: t("delete.done", { name: nameOf(deleted) }),
        action: { label: t("delete.undo"), run: () => void restoreAndTell(deleted) },
      });
    } catch (error) {
      if (theirCardOf(error)) void readCard(card.id);
      setFailure(error);
      setWorking(false);
    }
  };

  return (
    <form className={css.dialogForm} onSubmit={submit} noValidate>
      <p>{t("delete.text")}</p>
      <TextField
        label={t("delete.reason")}
        value={reason}
        maxLength={500}
        data-first
        required
        onChange={(event) => setReason(event.target.value)}
        error={missing && !reason.trim() ? t("delete.reasonMissing") : undefined}
      />
      <fieldset className={css.quick}>
        <legend className="visually-hidden">{t("quick.title")}</legend>
        {QUICK_REASONS.map((key) => {
          const text = t(`delete.quick.${key}`);
          return (
            <button key={key} type="button" aria-pressed={reason === text} onClick={() => setReason(text)}>
              {text}
            </button>
          );
        })}
      </fieldset>
      {failure !== null && (
        <Message tone="critical" requestId={errorRequestId(failure)}>
          {theirCardOf(failure) ? t("delete.changed") : errorText(failure, t)}
        </Message>
      )}
      <div className={css.row}>
        <Button type="submit" kind="danger" icon="trash" disabled={working}>
          {t(working ? "delete.working" : "delete.yes")}
        </Button>
        <Button onClick={onDone}>{t("cancel")}</Button>
      </div>
    </form>
  );
}
