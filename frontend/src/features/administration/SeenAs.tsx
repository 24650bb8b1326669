/** What can this person see? Choose somebody; what they may do where, in words; each right can be shown on the map. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { type SeenAs as Answer, type SeenLayer, usePeople, useSeenAs } from "@/api/administration";
import { formatNumber } from "@/lib/format";
import { useStore } from "@/lib/store";
import { Button, Empty, Message, TextField } from "@/lib/ui";
import { Unread } from "@/lib/ui/refusal";
import { urlState } from "@/lib/url-state";
import { goTo, seeAs, useSeenAsId } from "./address";
import css from "./administration.module.css";
import { ACTIONS, actionsOf } from "./grants";
import { Groups, State } from "./person-words";
import { shownRight } from "./seen";
import { useWords } from "./words";

export default function SeenAs() {
  const { t } = useTranslation("administration");
  const id = useSeenAsId();
  const seen = useSeenAs(id);
  if (id === null) return <ChoosePerson />;
  return (
    <section className={css.aside} aria-label={t("tab.see")}>
      <Button className={css.start} icon="chevronLeft" onClick={() => urlState.set({ seeas: null })}>
        {t("see.other")}
      </Button>
      <Unread reading={seen} />
      {seen.data && <Sight seen={seen.data} />}
    </section>
  );
}

function ChoosePerson() {
  const { t } = useTranslation("administration");
  const [text, setText] = useState("");
  const people = usePeople(useDeferredValue(text.trim()));
  return (
    <section className={css.aside} aria-label={t("tab.see")}>
      <h2>{t("see.title")}</h2>
      <p className={css.lead}>{t("see.help")}</p>
      <TextField
        label={t("people.search")}
        type="search"
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Unread reading={people} />
      {people.isSuccess && !people.data.length && <Empty title={t("people.none.title")}>{t("people.none.text")}</Empty>}
      <ul className={css.areas}>
        {(people.data ?? []).slice(0, 50).map((person) => (
          <li key={person.id}>
            <button type="button" className={css.area} onClick={() => seeAs(person.id)}>
              <span>
                <b>{person.name || person.username}</b>
                <small>{person.username}</small>
              </span>
              <Groups person={person} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sight({ seen }: { seen: Answer }) {
  const { t } = useTranslation(["administration", "domain"]);
  const { person, layers, customers } = seen;
  const name = person.name || person.username;
  return (
    <>
      <header className={css.paneHead}>
        <h2>{t("see.titleOf", { name })}</h2>
        <p>
          <Groups person={person} /> {!person.is_active && <State person={person} />}
        </p>
      </header>
      {!person.is_active && <Message tone="warning">{t("see.lockedOut", { name })}</Message>}
      {person.role === "customer" && <Message>{t("see.customer", { count: customers.total, name })}</Message>}
      <p className={css.lead}>{t("see.note")}</p>
      {/* The server's order is the map's, lowest first; what matters most lies on top. */}
      {[...layers].reverse().map((layer) => (
        <LayerSight key={layer.id} layer={layer} />
      ))}
      {!layers.length && <Empty title={t("see.nothing.title", { name })}>{t("see.nothing.text")}</Empty>}
      <Button className={css.start} icon="user" onClick={() => goTo("people", person.id)}>
        {t("see.person", { name })}
      </Button>
    </>
  );
}

function LayerSight({ layer }: { layer: SeenLayer }) {
  const { t } = useTranslation(["administration", "domain"]);
  const words = useWords();
  const shown = useStore(shownRight);
  const allowed = ACTIONS.flatMap((action) => {
    const where = layer.actions[action];
    return where?.length ? [{ action, where }] : [];
  });
  const refused = actionsOf(layer.id).filter((action) => !allowed.some((right) => right.action === action));
  return (
    <section className={css.sight} aria-label={words.layer(layer.id)}>
      <h3>
        {words.layer(layer.id)}
        <small>{t("see.count", { count: layer.count, shown: formatNumber(layer.count) })}</small>
      </h3>
      <ul>
        {allowed.map(({ action, where }) => (
          <li key={action}>
            <button
              type="button"
              aria-pressed={shown.layer === layer.id && shown.action === action}
              onClick={() => shownRight.set({ layer: layer.id, action })}
            >
              <span>{t(`action.${action}`)}</span>
              <span>{words.where(where)}</span>
            </button>
          </li>
        ))}
      </ul>
      {refused.length > 0 && (
        <p className={css.note}>
          {t("see.mayNot", { actions: refused.map((action) => t(`action.${action}`)).join(t("domain:listComma")) })}
        </p>
      )}
    </section>
  );
}
