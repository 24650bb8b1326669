/** Access tokens for desktop GIS and scripts: they read the layers chosen, as far as their owner may see them. */
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMakeToken, useRevokeToken, useTokens } from "@/api/account";
import { useBasemaps, useLayers } from "@/api/map-info";
import { isProblem } from "@/api/problem";
import { useMe } from "@/api/session";
import type { AccessToken, LayerInfo, MadeToken } from "@/api/types";
import { formatAge, formatTime } from "@/lib/format";
import { localized } from "@/lib/i18n";
import { Button, Chip, Empty, Icon, Loading, TextField } from "@/lib/ui";
import { ChipChoice, SelectField } from "@/lib/ui/fields";
import { ZoneNote } from "@/lib/ui/Time";
import { useFocusOnWrong } from "@/lib/ui/use-wrong-field";
import { MadeTokenView } from "./MadeTokenView";
import css from "./my-account.module.css";
import { Refusal } from "./Refusal";
import { sentences } from "./sentences";

/** What tokens, as rights, call the imagery of all basemaps beside the layers. */
const IMAGERY = "imagery";
const DAYS = ["7", "30", "90", "180", "366"] as const;

export default function Tokens() {
  const { t } = useTranslation("my-account");
  const tokens = useTokens();
  const layers = useLayers();
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<MadeToken | null>(null);
  const { zone } = useMe().utility;

  if (tokens.isPending || layers.isPending) return <Loading />;
  if (tokens.isError) return <Refusal error={tokens.error} />;
  const infos = layers.data ?? [];
  if (made) return <MadeTokenView token={made} layers={infos} onDone={() => setMade(null)} />;
  if (adding)
    return (
      <NewTokenForm
        layers={infos}
        onMade={(token) => {
          setAdding(false);
          setMade(token);
        }}
        onCancel={() => setAdding(false)}
      />
    );
  return (
    <>
      <p className={css.lead}>{t("tokens.text")}</p>
      {tokens.data.length === 0 ? (
        <Empty title={t("tokens.none")}>{t("tokens.noneHelp")}</Empty>
      ) : (
        <ul className={css.rows}>
          {tokens.data.map((token) => (
            <li key={token.id}>
              <Row token={token} layers={infos} />
            </li>
          ))}
        </ul>
      )}
      {tokens.data.length > 0 && <ZoneNote className={css.muted} zone={zone} />}
      <div className={css.actions}>
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          {t("tokens.add")}
        </Button>
      </div>
    </>
  );
}

function Row({ token, layers }: { token: AccessToken; layers: readonly LayerInfo[] }) {
  const { t } = useTranslation("my-account");
  const { zone } = useMe().utility;
  const revoke = useRevokeToken();
  const [asked, setAsked] = useState(false);
  const now = new Date();
  const isOver = new Date(token.expires_at) <= now;
  return (
    <>
      <div className={css.item}>
        <Icon name="key" size={22} />
        <div>
          <strong>{token.name}</strong>
          <code>{token.prefix}…</code>
          {isOver && <Chip tone="warning">{t("tokens.over")}</Chip>}
          <p>
            {token.layers.map((id) => (id === IMAGERY ? t("tokens.imagery") : titleOf(id, layers))).join(", ")} ·{" "}
            {t(isOver ? "tokens.overSince" : "tokens.until", { time: formatTime(token.expires_at, zone) })} ·{" "}
            {token.last_used_at ? t("tokens.used", { age: formatAge(token.last_used_at, now) }) : t("tokens.neverUsed")}
          </p>
        </div>
        {!asked && (
          <Button aria-label={t("tokens.revokeOf", { name: token.name })} onClick={() => setAsked(true)}>
            {t("tokens.revoke")}
          </Button>
        )}
      </div>
      {asked && (
        <div className={css.sure} role="alertdialog" aria-label={t("tokens.revokeOf", { name: token.name })}>
          <span>{t("tokens.sure")}</span>
          <Button kind="danger" autoFocus disabled={revoke.isPending} onClick={() => revoke.mutate(token.id)}>
            {t("tokens.revoke")}
          </Button>
          <Button onClick={() => setAsked(false)}>{t("common:cancel")}</Button>
        </div>
      )}
      <Refusal error={revoke.error} />
    </>
  );
}

function NewTokenForm({
  layers,
  onMade,
  onCancel,
}: {
  layers: readonly LayerInfo[];
  onMade: (token: MadeToken) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation("my-account");
  const make = useMakeToken();
  const hasImagery = useBasemaps().data?.some((basemap) => basemap.kind === "imagery") ?? false;
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [days, setDays] = useState<(typeof DAYS)[number]>("90");
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, make.error);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts(attempts + 1);
    if (!name.trim() || !chosen.length || make.isPending) return;
    make.mutate({ name: name.trim(), layers: [...chosen], days: Number(days) }, { onSuccess: onMade });
  };
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);

  const tried = attempts > 0;
  const fields = isProblem(make.error) ? make.error.fieldErrors : {};
  return (
    <form ref={form} className={css.form} onSubmit={submit} noValidate>
      <TextField
        label={t("tokens.name")}
        help={t("tokens.nameHelp")}
        name="token-name"
        autoComplete="off"
        autoFocus
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={tried && !name.trim() ? t("required") : sentences(fields.name, t)}
      />
      <ChipChoice
        label={t("tokens.layers")}
        choices={[
          ...layers.map((layer) => ({ value: layer.id, label: localized(layer.title) })),
          ...(hasImagery ? [{ value: IMAGERY, label: t("tokens.imagery") }] : []),
        ]}
        chosen={chosen}
        onToggle={toggle}
        error={tried && !chosen.length ? t("tokens.noLayer") : sentences(fields.layers, t)}
      />
      <SelectField
        label={t("tokens.days")}
        choices={DAYS.map((value) => ({ value, label: t("tokens.dayCount", { count: Number(value) }) }))}
        value={days}
        onChoose={setDays}
        error={fields.days}
      />
      <Refusal error={Object.keys(fields).length ? null : make.error} />
      <div className={css.actions}>
        <Button type="submit" kind="primary" disabled={make.isPending}>
          {t("tokens.make")}
        </Button>
        <Button onClick={onCancel}>{t("common:cancel")}</Button>
      </div>
    </form>
  );
}

function titleOf(id: string, layers: readonly LayerInfo[]): string {
  const layer = layers.find((candidate) => candidate.id === id);
  return layer ? localized(layer.title) : id;
}
