/** A new token, shown this one time, with how to use it. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { LayerInfo, MadeToken } from "@/api/types";
import { formatTime } from "@/lib/format";
import { localized } from "@/lib/i18n";
import { Button, Message } from "@/lib/ui";
import { SelectField } from "@/lib/ui/fields";
import { CopyButton } from "./CopyButton";
import css from "./my-account.module.css";
import { useShownOnce } from "./shown-once";

/** All layers of the token at once, as OGC API Features. */
const FEATURES = `${location.origin}/ogc/features/`;
/** Its layers as pictures, by WMS. */
const PICTURES = `${location.origin}/maps/wms`;

interface Props {
  token: MadeToken;
  layers: readonly LayerInfo[];
  onDone: () => void;
}

export function MadeTokenView({ token, layers, onDone }: Props) {
  const { t } = useTranslation("my-account");
  // Told already, in an answer that did not arrive: nobody can read it a second time.
  if (token.token) return <Secret secret={token.token} token={token} layers={layers} onDone={onDone} />;
  return (
    <div className={css.form}>
      <Message tone="warning">{t("tokens.lost", { name: token.name })}</Message>
      <div className={css.actions}>
        <Button onClick={onDone}>{t("tokens.done")}</Button>
      </div>
    </div>
  );
}

function Secret({ secret, token, layers, onDone }: Props & { secret: string }) {
  const { t } = useTranslation("my-account");
  const me = useMe();
  useShownOnce();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const mine = layers.filter((layer) => token.layers.includes(layer.id));
  const [id, setId] = useState(mine[0]?.id ?? "");
  const layer = mine.find((candidate) => candidate.id === id);
  const tiles = layer && absolute(layer.tiles);

  return (
    <div className={css.form}>
      <h3 ref={heading} tabIndex={-1}>
        {t("tokens.made", { name: token.name })}
      </h3>
      <Message tone="warning">{t("tokens.once")}</Message>
      <div className={css.secret}>
        <code>{secret}</code>
        <CopyButton text={secret} label={t("tokens.copy")} />
      </div>
      <p className={css.muted}>{t("tokens.until", { time: formatTime(token.expires_at, me.utility.zone) })}</p>
      {layer && tiles && (
        <section className={css.example}>
          <h4>{t("tokens.qgis.features")}</h4>
          <ol>
            <li>{t("tokens.qgis.openFeatures")}</li>
            <li>
              {t("tokens.qgis.address")}
              <div className={css.secret}>
                <code>{FEATURES}</code>
                <CopyButton text={FEATURES} />
              </div>
            </li>
            <li>{t("tokens.qgis.basic", { username: me.username })}</li>
          </ol>
          <h4>{t("tokens.qgis.title")}</h4>
          {mine.length > 1 && (
            <SelectField
              label={t("tokens.qgis.layer")}
              choices={mine.map((choice) => ({ value: choice.id, label: localized(choice.title) }))}
              value={id}
              onChoose={setId}
            />
          )}
          <ol>
            <li>{t("tokens.qgis.open")}</li>
            <li>
              {t("tokens.qgis.address")}
              <div className={css.secret}>
                <code>{tiles}</code>
                <CopyButton text={tiles} />
              </div>
            </li>
            <li>{t("tokens.qgis.zooms", { min: layer.min_zoom, max: layer.max_zoom })}</li>
            <li>{t("tokens.qgis.basic", { username: me.username })}</li>
          </ol>
          <h4>{t("tokens.script")}</h4>
          <div className={css.secret}>
            <code>{`curl -H "Authorization: Bearer ${secret}" "${absolute(layer.geojson)}"`}</code>
          </div>
        </section>
      )}
      <section className={css.example}>
        <h4>{t("tokens.qgis.pictures")}</h4>
        <ol>
          <li>{t("tokens.qgis.openPictures")}</li>
          <li>
            {t("tokens.qgis.address")}
            <div className={css.secret}>
              <code>{PICTURES}</code>
              <CopyButton text={PICTURES} />
            </div>
          </li>
          <li>{t("tokens.qgis.basic", { username: me.username })}</li>
        </ol>
      </section>
      <div className={css.actions}>
        <Button kind="primary" icon="check" onClick={onDone}>
          {t("tokens.stored")}
        </Button>
      </div>
    </div>
  );
}

/** As another program needs it: with the server's name, and the braces of a template as they are. */
function absolute(address: string): string {
  return address.startsWith("/") ? location.origin + address : address;
}
