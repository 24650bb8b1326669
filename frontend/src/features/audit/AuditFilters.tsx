/** What the audit is narrowed to. Typed fields count with Show or Enter, so that a half-typed name asks nothing. */
import { type FormEvent, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { AuditQuery } from "@/api/audit";
import { useMe } from "@/api/session";
import { currentLanguage } from "@/lib/i18n";
import { Button, TextField } from "@/lib/ui";
import { SelectField } from "@/lib/ui/fields";
import { useSelection } from "@/lib/url-state";
import css from "./audit.module.css";

/** Nouns of actions, as the server writes them. */
const KINDS = [
  ...(["customer", "session", "refusal", "grant", "person", "second_factor", "token"] as const),
  ...([
    "map",
    "customers",
    "network",
    "area",
    "areas",
    "places",
    "basemap",
    "holding",
    "import",
    "network_import",
    "job",
    "audit",
  ] as const),
];
const TYPED = ["person", "object", "q"] as const;

export function AuditFilters({ query, onQuery }: { query: AuditQuery; onQuery: (query: AuditQuery) => void }) {
  const { t } = useTranslation("audit");
  const { areas } = useMe().utility;
  const selection = useSelection();
  // A new form for a query that came from elsewhere than its own fields.
  const [round, setRound] = useState(0);
  const replace = (next: AuditQuery) => {
    onQuery(next);
    setRound(round + 1);
  };
  const show = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const next: AuditQuery = { ...pick(query, ["action", "area"]) };
    for (const name of TYPED) {
      const text = String(typed.get(name) ?? "").trim();
      if (text) next[name] = text;
    }
    const [from, to] = [String(typed.get("from") ?? ""), String(typed.get("to") ?? "")];
    // Without a zone: days of the utility, not of this browser.
    if (from) next.from = `${from}T00:00:00`;
    if (to) next.to = `${dayAfter(to)}T00:00:00`;
    onQuery(next);
  };
  const selected = selection?.layer === "customers" ? `customers:${selection.id}` : null;
  const set = Object.keys(query).length;
  return (
    <details className={css.fold} open={useIsRoomy()}>
      <summary>{set ? t("filter.foldSet", { count: set }) : t("filter.fold")}</summary>
      <form key={round} className={css.filters} onSubmit={show}>
        <SelectField
          label={t("filter.kind")}
          value={query.action ?? ""}
          choices={[
            { value: "", label: t("filter.any") },
            ...KINDS.map((kind) => ({ value: kind as string, label: t(`kind.${kind}`) })),
          ]}
          onChoose={(action) => onQuery(without(query, "action", action))}
        />
        <TextField label={t("filter.person")} name="person" maxLength={150} defaultValue={query.person ?? ""} />
        <TextField
          label={t("filter.object")}
          name="object"
          maxLength={120}
          placeholder={t("filter.objectHelp")}
          defaultValue={query.object ?? ""}
          pattern="[a-z_]+(:[^:]+)?"
        />
        <SelectField
          label={t("filter.area")}
          value={query.area ?? ""}
          choices={[
            { value: "", label: t("filter.any") },
            ...areas.map(({ code, name, name_zh }) => ({
              value: code,
              label: (currentLanguage() === "zh" && name_zh) || name,
            })),
          ]}
          onChoose={(area) => onQuery(without(query, "area", area))}
        />
        <TextField label={t("filter.from")} name="from" type="date" defaultValue={query.from?.slice(0, 10)} />
        <TextField label={t("filter.to")} name="to" type="date" />
        <TextField label={t("filter.words")} name="q" maxLength={200} defaultValue={query.q ?? ""} />
        <div className={css.buttons}>
          <Button type="submit" kind="primary">
            {t("filter.show")}
          </Button>
          <Button kind="quiet" onClick={() => replace({})}>
            {t("filter.clear")}
          </Button>
          {selected && query.object !== selected && (
            <Button onClick={() => replace({ object: selected })}>{t("filter.selected")}</Button>
          )}
        </div>
      </form>
    </details>
  );
}

/** On a small screen the rows come first, and the filters stand folded above them; audit.module.css has the same sizes. */
const roomy = matchMedia("(min-width: 1101px) and (min-height: 801px)");

function useIsRoomy(): boolean {
  return useSyncExternalStore(
    (changed) => {
      roomy.addEventListener("change", changed);
      return () => roomy.removeEventListener("change", changed);
    },
    () => roomy.matches,
  );
}

function pick(query: AuditQuery, names: readonly (keyof AuditQuery)[]): AuditQuery {
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
}

function without(query: AuditQuery, name: keyof AuditQuery, value: string): AuditQuery {
  const { [name]: _, ...rest } = query;
  return value ? { ...rest, [name]: value } : rest;
}

export function dayAfter(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}
