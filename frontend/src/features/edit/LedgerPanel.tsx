/** Edit what the ledger says of the selected customer. Typed text stays on this device until it is saved or discarded. */

import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { editCustomer, theirCardOf } from "@/api/customer-commands";
import { useCustomer } from "@/api/customers";
import { newIdempotencyKey } from "@/api/http";
import { isProblem } from "@/api/problem";
import { CLASSES, type CustomerCard, GRADES, STATUSES } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/lib/drafts";
import { formatAge } from "@/lib/format";
import { fieldNameWithUnit } from "@/lib/ledger-words";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { numberTyped } from "@/lib/numbers";
import { Button, Empty, Loading, Message, TextField } from "@/lib/ui";
import { errorRequestId, errorText, requestIdOf } from "@/lib/ui/errors";
import { ChipChoice, SelectField } from "@/lib/ui/fields";
import { useNow } from "@/lib/ui/Time";
import { urlState, useSelection } from "@/lib/url-state";
import { ContactsField, contactErrors } from "./ContactsField";
import css from "./edit.module.css";
import { LedgerCompare } from "./LedgerCompare";
import { changedFields, formOf, type LedgerForm, type Merge, mergeEdits, patchOf } from "./merge-edits";

interface Draft {
  version: number;
  base: LedgerForm;
  values: LedgerForm;
}

export default function LedgerPanel() {
  const { t } = useTranslation(["edit", "errors"]);
  const selection = useSelection();
  const id = selection?.layer === "customers" ? selection.id : null;
  const card = useCustomer(id);

  if (id === null) return <Empty title={t("ledger.title")}>{t("ledger.nothing")}</Empty>;
  if (card.isPending) return <Loading />;
  if (card.isError) return <Message tone="critical">{errorText(card.error, t)}</Message>;
  if (card.data.deleted_at) return <Empty title={nameOf(card.data)}>{t("ledger.gone")}</Empty>;
  return <LedgerEditor key={id} card={card.data} />;
}

type State =
  | { name: "editing" }
  | { name: "saving" }
  | { name: "failed"; error: unknown }
  | { name: "choosing"; merge: Merge; theirs: LedgerForm; version: number };

function LedgerEditor({ card }: { card: CustomerCard }) {
  const { t } = useTranslation(["edit", "domain", "errors"]);
  const now = useNow();
  const key = `ledger.${card.id}`;
  const kept = useMemo(() => readDraft<Draft>(key), [key]);
  const fresh = useMemo<Draft>(() => ({ version: card.version, base: formOf(card), values: formOf(card) }), [card]);
  const [typed, setTyped] = useState<Draft | null>(kept?.value ?? null);
  const [state, setState] = useState<State>({ name: "editing" });
  const [checked, setChecked] = useState(false);
  const commandKey = useRef({ body: "", key: "" });
  const form = useRef<HTMLFormElement>(null);

  const draft = typed ?? fresh;
  const { values } = draft;
  const changed = changedFields(draft.base, values);

  const set = <K extends keyof LedgerForm>(field: K, value: LedgerForm[K]) => {
    const next = { ...draft, values: { ...values, [field]: value } };
    setTyped(next);
    setState((current) => (current.name === "failed" ? { name: "editing" } : current));
    if (changedFields(next.base, next.values).length) keepDraft(key, next);
    else dropDraft(key);
  };
  const discard = () => {
    dropDraft(key);
    setTyped(null);
    setState({ name: "editing" });
  };

  const own = {
    name: values.name.trim() ? undefined : t("ledger.required"),
    contract_kva: Number.isNaN(numberTyped(values.contract_kva)) ? t("ledger.kvaWrong") : undefined,
    running_kva: Number.isNaN(numberTyped(values.running_kva)) ? t("ledger.kvaWrong") : undefined,
  };
  const wrongContacts = contactErrors(values.contacts);
  const refused = state.name === "failed" && isProblem(state.error) ? state.error.fieldErrors : {};
  const error = (field: keyof LedgerForm) =>
    (checked ? (own as Partial<Record<keyof LedgerForm, string>>)[field] : undefined) ?? refused[field];

  const save = async (from: Draft) => {
    const patch = { ...patchOf(from.base, from.values), base_version: from.version };
    const body = JSON.stringify(patch);
    // The same edit sent again after silence keeps its key: it cannot happen twice.
    if (commandKey.current.body !== body) commandKey.current = { body, key: newIdempotencyKey() };
    setState({ name: "saving" });
    try {
      const saved = await editCustomer(card.id, patch, commandKey.current.key);
      dropDraft(key);
      notify({
        kind: "done",
        text: t("ledger.saved", { name: nameOf(saved) }),
        action: { label: t("delete.undo"), run: () => void putBack(saved, from, t) },
      });
      urlState.set({ panel: null });
    } catch (failure) {
      const theirs = theirCardOf(failure);
      if (!theirs) {
        setState({ name: "failed", error: failure });
        return;
      }
      const theirForm = formOf(theirs);
      const merge = mergeEdits(from.base, from.values, theirForm);
      setState({ name: "choosing", merge, theirs: theirForm, version: theirs.version });
    }
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.values(own).some(Boolean) || wrongContacts.some((wrong) => wrong.name || wrong.phone)) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
      return;
    }
    if (changed.length && state.name !== "saving") void save(draft);
  };

  // A refusal of fields: the first of them gets the focus.
  useEffect(() => {
    if (state.name === "failed") form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [state]);

  if (state.name === "choosing") {
    return (
      <LedgerCompare
        base={draft.base}
        mine={values}
        theirs={state.theirs}
        merge={state.merge}
        onBack={() => setState({ name: "editing" })}
        onChoose={(chosen) => {
          const next = { version: state.version, base: state.theirs, values: chosen };
          setTyped(next);
          keepDraft(key, next);
          if (changedFields(next.base, next.values).length) void save(next);
          else discard();
        }}
      />
    );
  }

  const text = (field: "name" | "name_en" | "name_zh" | "enterprise" | "address" | "voltage", label: string) => (
    <TextField
      label={label}
      value={values[field]}
      maxLength={field === "voltage" ? 20 : field === "address" ? 300 : 200}
      onChange={(event) => set(field, event.target.value)}
      error={error(field)}
    />
  );
  const kva = (field: "contract_kva" | "running_kva") => (
    <TextField
      label={fieldNameWithUnit(field)}
      inputMode="decimal"
      value={values[field]}
      onChange={(event) => set(field, event.target.value)}
      error={error(field)}
    />
  );

  return (
    <form ref={form} className={css.ledger} onSubmit={submit} noValidate>
      {kept && typed && changed.length > 0 && (
        <Message tone="info">
          {t("ledger.draft", { age: formatAge(new Date(kept.at), now) })}{" "}
          <Button kind="quiet" onClick={discard}>
            {t("ledger.discard")}
          </Button>
        </Message>
      )}
      {text("name", t("domain:field.name"))}
      {text("name_en", t("domain:field.nameEn"))}
      {text("name_zh", t("domain:field.nameZh"))}
      {text("enterprise", t("domain:field.enterprise"))}
      <SelectField
        label={t("domain:field.grade")}
        choices={GRADES.map((value) => ({ value, label: t(`domain:grade.${value}`) }))}
        value={values.grade}
        onChoose={(grade) => set("grade", grade)}
        error={error("grade")}
      />
      <ChipChoice
        label={t("domain:field.class")}
        choices={CLASSES.map((value) => ({ value, label: t(`domain:class.${value}`) }))}
        chosen={values.classes}
        onToggle={(value) =>
          set(
            "classes",
            values.classes.includes(value)
              ? values.classes.filter((one) => one !== value)
              : [...values.classes, value].sort(),
          )
        }
        error={error("classes")}
      />
      <SelectField
        label={t("domain:field.status")}
        choices={STATUSES.map((value) => ({ value, label: t(`domain:status.${value}`) }))}
        value={values.status}
        onChoose={(status) => set("status", status)}
        error={error("status")}
      />
      {text("address", t("domain:field.address"))}
      <div className={css.pair}>
        {kva("contract_kva")}
        {kva("running_kva")}
      </div>
      {text("voltage", t("domain:field.voltage"))}
      <ContactsField
        contacts={values.contacts}
        onChange={(contacts) => set("contacts", contacts)}
        error={(index, field) => {
          const wrong = checked ? wrongContacts[index]?.[field] : undefined;
          return wrong ? t(wrong) : refused[`contacts.${index}.${field}`]?.join(" ");
        }}
      />
      {state.name === "failed" && (
        <Message tone="critical" requestId={errorRequestId(state.error)}>
          {errorText(state.error, t)} {t("nothingLost")}
        </Message>
      )}
      <footer className={css.stickyFoot}>
        <Button type="submit" kind="primary" icon="check" disabled={!changed.length || state.name === "saving"}>
          {t(state.name === "saving" ? "ledger.saving" : state.name === "failed" ? "ledger.again" : "ledger.save")}
        </Button>
        {changed.length > 0 && <Button onClick={discard}>{t("ledger.discard")}</Button>}
      </footer>
    </form>
  );
}

/** Undo of an edit: the former values of the same fields, as another edit. */
async function putBack(saved: CustomerCard, done: Draft, t: ReturnType<typeof useTranslation>["t"]): Promise<void> {
  try {
    const patch = { ...patchOf(done.values, done.base), base_version: saved.version };
    await editCustomer(saved.id, patch, newIdempotencyKey());
    notify({ kind: "done", text: t("ledger.undone", { name: nameOf(saved) }) });
  } catch (error) {
    notify({ kind: "error", text: errorText(error, t), ...requestIdOf(error) });
  }
}
