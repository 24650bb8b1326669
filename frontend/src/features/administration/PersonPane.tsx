/** One person: their names and groups, how they come in, and what can be done about it. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AdminPerson, administration, type PersonChange, usePeople } from "@/api/administration";
import { isProblem } from "@/api/problem";
import { useMe } from "@/api/session";
import { Button, Empty, IconButton, TextField } from "@/lib/ui";
import { AskButton } from "@/lib/ui/asking";
import { Refusal, Unread } from "@/lib/ui/refusal";
import { act, actOrThrow } from "./act";
import { goTo, seeAs } from "./address";
import css from "./administration.module.css";
import { GroupChoice } from "./GroupChoice";
import { State } from "./person-words";
import { When } from "./When";

/** `known` is the list beside it; somebody whom its search leaves out is looked for among all. */
export function PersonPane({ id, known = [] }: { id: number; known?: readonly AdminPerson[] | undefined }) {
  const { t } = useTranslation(["administration", "common"]);
  const people = usePeople("");
  const person = [...known, ...(people.data ?? [])].find((row) => row.id === id);
  return (
    <section className={css.pane} aria-label={person?.name || t("people.one")}>
      <IconButton className={css.paneClose} icon="close" label={t("people.closeOne")} onClick={() => goTo("people")} />
      <Unread reading={people} />
      {people.isSuccess && !person && <Empty title={t("people.gone.title")}>{t("people.gone.text")}</Empty>}
      {person && <Person person={person} />}
    </section>
  );
}

function Person({ person }: { person: AdminPerson }) {
  const { t } = useTranslation("administration");
  return (
    <>
      <header className={css.paneHead}>
        <h2>{person.name || person.username}</h2>
        <p>
          {person.username} <State person={person} />
        </p>
      </header>
      <Button kind="primary" icon="eye" onClick={() => seeAs(person.id)}>
        {t("see.open")}
      </Button>
      <PersonForm person={person} />
      <ComingIn person={person} />
    </>
  );
}

const NAMES = ["first_name", "last_name", "email"] as const;

/** Typed fields stay as typed when the list is read again; only what was changed is sent. */
function PersonForm({ person }: { person: AdminPerson }) {
  const { t } = useTranslation(["administration", "common"]);
  const [typed, setTyped] = useState<PersonChange>({});
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const fields = isProblem(error) ? error.fieldErrors : {};
  const groups = typed.groups ?? person.groups;
  const change = changed(person, typed);
  const dirty = Object.keys(change).length > 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const before = Object.fromEntries(
      Object.keys(change).map((name) => [name, person[name as keyof AdminPerson]]),
    ) as PersonChange;
    const refused = await act(
      () => administration.changePerson(person.id, change),
      t("people.saved", { name: person.name || person.username }),
      { quiet: true, undo: () => administration.changePerson(person.id, before) },
    );
    setBusy(false);
    setError(refused);
    if (!refused) setTyped({});
  };

  return (
    <form className={css.form} onSubmit={(event) => void submit(event)}>
      {NAMES.map((name) => (
        <TextField
          key={name}
          label={t(`field.${name}`)}
          value={typed[name] ?? person[name] ?? ""}
          type={name === "email" ? "email" : "text"}
          autoComplete="off"
          maxLength={name === "email" ? 254 : 150}
          error={fields[name]}
          onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
        />
      ))}
      <GroupChoice chosen={groups} error={fields.groups} onChange={(next) => setTyped({ ...typed, groups: next })} />
      <Refusal error={error} />
      <div className={css.answers}>
        {dirty && (
          <Button
            onClick={() => {
              setTyped({});
              setError(null);
            }}
          >
            {t("discard")}
          </Button>
        )}
        <Button type="submit" kind="primary" disabled={!dirty || busy}>
          {t("common:save")}
        </Button>
      </div>
    </form>
  );
}

function changed(person: AdminPerson, typed: PersonChange): PersonChange {
  const change: PersonChange = {};
  for (const name of NAMES) {
    const text = typed[name]?.trim();
    if (text !== undefined && text !== person[name]) change[name] = text;
  }
  if (typed.groups && sorted(typed.groups) !== sorted(person.groups)) change.groups = typed.groups;
  return change;
}

const sorted = (groups: readonly string[]) => [...groups].sort().join("\n");

function ComingIn({ person }: { person: AdminPerson }) {
  const { t } = useTranslation("administration");
  const me = useMe();
  const name = person.name || person.username;
  const asActive = (is_active: boolean) =>
    [
      () => administration.changePerson(person.id, { is_active }),
      t(is_active ? "people.letIn" : "people.lockedOut", { name }),
      { undo: () => administration.changePerson(person.id, { is_active: !is_active }) },
    ] as const;
  return (
    <section className={css.block} aria-label={t("people.comingIn")}>
      <h3>{t("people.comingIn")}</h3>
      <dl className={css.facts}>
        <dt>{t("people.column.lastLogin")}</dt>
        <dd>
          <When at={person.last_login} never={t("never")} />
        </dd>
        <dt>{t("people.invitedAt")}</dt>
        <dd>
          <When at={person.invited_at} never={t("people.notInvited")} />
        </dd>
        <dt>{t("people.column.factor")}</dt>
        <dd>{t(person.has_totp ? "people.factorOn" : "people.factorOff")}</dd>
        <dt>{t("people.column.sessions")}</dt>
        <dd>
          <button type="button" className={css.link} onClick={() => goTo("access", person.id)}>
            {t("people.sessionCount", { count: person.sessions })}
          </button>
        </dd>
      </dl>
      <div className={css.deeds}>
        <Button
          disabled={!person.email || !person.is_active}
          title={person.email ? undefined : t("people.needsEmail")}
          onClick={() =>
            void act(() => administration.inviteAgain(person.id), t("people.invitedAgain", { email: person.email }))
          }
        >
          {t("people.inviteAgain")}
        </Button>
        <Button onClick={() => void act(() => administration.unlock(person.id), t("people.unlocked", { name }))}>
          {t("people.unlock")}
        </Button>
        {person.has_totp && (
          <AskButton
            label={t("people.removeFactor")}
            title={t("people.removeFactorTitle", { name })}
            yes={t("people.removeFactor")}
            onYes={() =>
              actOrThrow(() => administration.removeSecondFactor(person.id), t("people.factorRemoved", { name }))
            }
          >
            <p>{t("people.removeFactorHelp")}</p>
          </AskButton>
        )}
        {person.is_active ? (
          <AskButton
            label={t("people.lockOut")}
            title={t("people.lockOutTitle", { name })}
            yes={t("people.lockOut")}
            onYes={() => actOrThrow(...asActive(false))}
          >
            <p>{t(person.username === me.username ? "people.lockSelf" : "people.lockOutHelp")}</p>
          </AskButton>
        ) : (
          <Button onClick={() => void act(...asActive(true))}>{t("people.letInAgain")}</Button>
        )}
      </div>
    </section>
  );
}
