/** Panel "Add a customer". Nothing typed is lost: by a refusal, by closing the panel, by reloading the page. */
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { createCustomer, deleteCustomer } from "@/api/customer-commands";
import { newIdempotencyKey } from "@/api/http";
import { deviceWords, positionOf, suggestionOf } from "@/api/moves";
import { isProblem } from "@/api/problem";
import { CLASSES, type CustomerCard, GRADES, STATUSES } from "@/api/types";
import { formatDecimal } from "@/lib/coordinates";
import { dropDraft, keepDraft, readDraft } from "@/lib/drafts";
import { formatAge } from "@/lib/format";
import { fieldNameWithUnit } from "@/lib/ledger-words";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { Button, Message, TextField } from "@/lib/ui";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { ChipChoice, SelectField } from "@/lib/ui/fields";
import { useNow } from "@/lib/ui/Time";
import { urlState } from "@/lib/url-state";
import { useMap } from "@/map/context";
import css from "./add.module.css";
import {
  bodyOf,
  type CustomerForm,
  EMPTY_FORM,
  errorsOf,
  type FormErrors,
  formErrorsOf,
  isTouched,
} from "./new-customer";
import { Where } from "./Where";

const DRAFT = "add";

interface Kept {
  form: CustomerForm;
  /** Of the last attempt: sent again after a reload it is still the same command. */
  sent?: { body: string; key: string };
}

export default function AddPanel() {
  const { t } = useTranslation(["add", "domain", "errors", "edit"]);
  const now = useNow();
  const map = useMap();
  const kept = useMemo(() => readDraft<Kept>(DRAFT), []);
  const [form, setForm] = useState<CustomerForm>({ ...EMPTY_FORM, ...kept?.value.form });
  const [keptAt, setKeptAt] = useState(kept && isTouched(kept.value.form) ? kept.at : null);
  const [checked, setChecked] = useState(false);
  const [state, setState] = useState<{ name: "editing" | "saving" } | { name: "failed"; error: unknown }>({
    name: "editing",
  });
  const sent = useRef(kept?.value.sent);
  const element = useRef<HTMLFormElement>(null);

  const change = (part: Partial<CustomerForm>) => {
    setForm((current) => {
      const next = { ...current, ...part };
      if (isTouched(next)) keepDraft<Kept>(DRAFT, { form: next, ...(sent.current ? { sent: sent.current } : {}) });
      else dropDraft(DRAFT);
      return next;
    });
    setState((current) => (current.name === "failed" ? { name: "editing" } : current));
  };
  const discard = () => {
    dropDraft(DRAFT);
    sent.current = undefined;
    setForm(EMPTY_FORM);
    setKeptAt(null);
    setChecked(false);
    setState({ name: "editing" });
  };

  const own = errorsOf(form);
  const refused: FormErrors =
    state.name === "failed" && isProblem(state.error)
      ? state.error.code === "account_number_taken"
        ? { account_no: errorText(state.error, t) }
        : formErrorsOf(state.error.fieldErrors)
      : {};
  const error = (field: keyof CustomerForm): string | undefined => {
    const key = checked ? own[field] : undefined;
    return key ? t(`wrong.${key}`) : refused[field];
  };
  const swapped = state.name === "failed" && isProblem(state.error, "looks_swapped") ? suggestionOf(state.error) : null;

  const focusFirstError = () =>
    requestAnimationFrame(() =>
      element.current
        ?.querySelector<HTMLElement>("[aria-invalid=true], [data-invalid] input, [data-invalid] button")
        ?.focus(),
    );

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (state.name === "saving") return;
    setChecked(true);
    if (Object.keys(own).length) {
      focusFirstError();
      return;
    }
    const command = bodyOf(form, deviceWords());
    const body = JSON.stringify(command);
    if (sent.current?.body !== body) sent.current = { body, key: newIdempotencyKey() };
    keepDraft<Kept>(DRAFT, { form, sent: sent.current });
    setState({ name: "saving" });
    try {
      const card = await createCustomer(command, sent.current.key);
      dropDraft(DRAFT);
      sent.current = undefined;
      map.leaveMode();
      urlState.set({ panel: null, sel: `customers:${card.id}` });
      const at = positionOf(card);
      if (at) map.reveal(at);
      notify({
        kind: "done",
        text: t(at ? "done" : "doneWithout", { name: nameOf(card) }),
        action: { label: t("undo"), run: () => void takeAway(card, t) },
      });
    } catch (failure) {
      setState({ name: "failed", error: failure });
      focusFirstError();
    }
  };

  // Told by the browser when the page is closed: the draft is kept, so nothing needs to be asked.
  useEffect(() => {
    document.title = `${t("title")} · GridAtlas`;
    return () => {
      document.title = "GridAtlas";
    };
  }, [t]);

  const text = (
    field:
      | "name"
      | "account_no"
      | "enterprise"
      | "address"
      | "contract_kva"
      | "contact_name"
      | "contact_phone"
      | "reason",
    label: string,
    more: Partial<React.ComponentProps<typeof TextField>> = {},
  ) => (
    <TextField
      label={label}
      value={form[field]}
      onChange={(event) => change({ [field]: event.target.value })}
      error={error(field)}
      {...more}
    />
  );

  return (
    <form ref={element} className={css.form} onSubmit={submit} noValidate>
      {keptAt !== null && (
        <Message tone="info">
          {t("draft", { age: formatAge(new Date(keptAt), now) })}{" "}
          <Button kind="quiet" onClick={discard}>
            {t("discard")}
          </Button>
        </Message>
      )}
      <Where form={form} onChange={change} error={error("place")} accuracyError={error("accuracy")} />
      {swapped && (
        <Message tone="warning">
          <p>{t("edit:swapped", { position: formatDecimal(swapped) })}</p>
          <Button
            kind="primary"
            onClick={() => {
              change({ place: { ...swapped, datum: "WGS84", source: "typed" } });
              map.reveal(swapped);
            }}
          >
            {t("edit:useSuggestion")}
          </Button>
        </Message>
      )}
      {text("name", t("domain:field.name"), { maxLength: 200, required: true, autoComplete: "off" })}
      {text("account_no", t("domain:field.accountNo"), {
        maxLength: 16,
        required: true,
        autoComplete: "off",
        spellCheck: false,
      })}
      {text("enterprise", t("domain:field.enterprise"), { maxLength: 200, help: t("enterpriseHelp") })}
      <div className={css.pair}>
        <SelectField
          label={t("domain:field.grade")}
          choices={GRADES.map((value) => ({ value, label: t(`domain:grade.${value}`) }))}
          value={form.grade}
          onChoose={(grade) => change({ grade })}
          error={error("grade")}
        />
        <SelectField
          label={t("domain:field.status")}
          choices={STATUSES.map((value) => ({ value, label: t(`domain:status.${value}`) }))}
          value={form.status}
          onChoose={(status) => change({ status })}
          error={error("status")}
        />
      </div>
      <ChipChoice
        label={t("domain:field.class")}
        choices={CLASSES.map((value) => ({ value, label: t(`domain:class.${value}`) }))}
        chosen={form.classes}
        onToggle={(value) =>
          change({
            classes: form.classes.includes(value)
              ? form.classes.filter((one) => one !== value)
              : [...form.classes, value],
          })
        }
        error={error("classes")}
      />
      {text("address", t("domain:field.address"), { maxLength: 300 })}
      {text("contract_kva", fieldNameWithUnit("contract_kva"), { inputMode: "decimal" })}
      <fieldset className={css.contact}>
        <legend>{t("contact")}</legend>
        <div className={css.pair}>
          {text("contact_name", t("contactName"), { maxLength: 120 })}
          {text("contact_phone", t("domain:field.phone"), { maxLength: 40, inputMode: "tel" })}
        </div>
      </fieldset>
      {text("reason", t("domain:field.reason"), { maxLength: 500, help: t("reasonHelp") })}
      {state.name === "failed" && !swapped && (
        <Message tone="critical" requestId={errorRequestId(state.error)}>
          {errorText(state.error, t)} {t("edit:nothingLost")}
        </Message>
      )}
      <footer className={css.foot}>
        <Button type="submit" kind="primary" icon="check" disabled={state.name === "saving"}>
          {t(state.name === "saving" ? "saving" : state.name === "failed" ? "again" : "save")}
        </Button>
        {isTouched(form) && <Button onClick={discard}>{t("discard")}</Button>}
      </footer>
    </form>
  );
}

/** Undo of an addition: it leaves the map, and stays among the deleted ones. */
async function takeAway(card: CustomerCard, t: ReturnType<typeof useTranslation>["t"]): Promise<void> {
  try {
    await deleteCustomer(card.id, { base_version: card.version, reason: t("addedByMistake") });
    urlState.set({ sel: null });
    notify({ kind: "done", text: t("takenAway", { name: nameOf(card) }) });
  } catch (error) {
    notify({ kind: "error", text: errorText(error, t) });
  }
}
