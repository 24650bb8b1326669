/** Who may come in: search, the list, an invitation, and the one who is open beside it. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AdminPerson, usePeople } from "@/api/administration";
import { formatNumber } from "@/lib/format";
import { Button, Empty, TextField } from "@/lib/ui";
import { Unread } from "@/lib/ui/refusal";
import { goTo, usePlace } from "./address";
import css from "./administration.module.css";
import { InviteDialog } from "./InviteDialog";
import { PersonPane } from "./PersonPane";
import { Groups, State } from "./person-words";
import { When } from "./When";

const COLUMNS = ["person", "email", "groups", "factor", "sessions", "lastLogin", "state"] as const;

/** The server's own limit for one answer. */
const MOST = 500;

export default function People() {
  const { t } = useTranslation("administration");
  const { item } = usePlace();
  const [typed, setTyped] = useState("");
  const [inviting, setInviting] = useState(false);
  const people = usePeople(useDeferredValue(typed.trim()));
  const personId = /^\d+$/.test(item) ? Number(item) : null;
  const group = personId === null ? item : "";
  const rows = (people.data ?? []).filter((person) => !group || person.groups.includes(group));
  return (
    <div className={css.split} data-open={personId === null ? undefined : ""}>
      <section className={css.list} aria-label={t("tab.people")} aria-busy={people.isFetching}>
        <div className={css.tools}>
          <TextField
            label={t("people.search")}
            type="search"
            maxLength={100}
            value={typed}
            placeholder={t("people.searchHelp")}
            onChange={(event) => setTyped(event.target.value)}
          />
          {group && (
            <Button icon="close" onClick={() => goTo("people")}>
              {t("people.onlyGroup", { group })}
            </Button>
          )}
          <Button kind="primary" icon="plus" onClick={() => setInviting(true)}>
            {t("invite.open")}
          </Button>
        </div>
        <Unread reading={people} />
        {people.isSuccess && rows.length === 0 && <Empty title={t("people.none.title")}>{t("people.none.text")}</Empty>}
        {rows.length > 0 && <PeopleTable rows={rows} openId={personId} />}
        {(people.data?.length ?? 0) >= MOST && (
          <p className={css.note}>{t("people.most", { most: formatNumber(MOST) })}</p>
        )}
      </section>
      {personId !== null && <PersonPane key={personId} id={personId} known={people.data} />}
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </div>
  );
}

function PeopleTable({ rows, openId }: { rows: readonly AdminPerson[]; openId: number | null }) {
  const { t } = useTranslation("administration");
  return (
    <table className={css.table} aria-label={t("tab.people")}>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <th key={column} scope="col" data-column={column}>
              {t(`people.column.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((person) => (
          <tr key={person.id} data-open={person.id === openId ? "" : undefined}>
            <th scope="row" data-column="person">
              <button
                type="button"
                className={css.open}
                aria-expanded={person.id === openId}
                onClick={() => goTo("people", person.id === openId ? "" : person.id)}
              >
                {person.name || person.username}
              </button>
              <small>{person.username}</small>
              <span className={css.under}>
                <Groups person={person} />
              </span>
            </th>
            <td data-column="email">{person.email || <span className={css.faint}>{t("people.noEmail")}</span>}</td>
            <td data-column="groups">
              <Groups person={person} />
            </td>
            <td data-column="factor">{t(person.has_totp ? "people.factorOn" : "people.factorOff")}</td>
            <td data-column="sessions" className={css.number}>
              {formatNumber(person.sessions)}
            </td>
            <td data-column="lastLogin">
              <When at={person.last_login} never={t("never")} />
            </td>
            <td data-column="state">
              <State person={person} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
