/** Layers with visibility, opacity and legend; the basemaps below them. */
import { Fragment, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useBasemaps } from "@/api/map-info";
import { useMapLayers } from "@/layers/context";
import type { LayerHandle } from "@/layers/layer-handle";
import { localized } from "@/lib/i18n";
import { useStore } from "@/lib/store";
import { Icon, IconButton, Loading, Message } from "@/lib/ui";
import { urlState, useUrl } from "@/lib/url-state";
import { type BasemapMode, showBasemap, useBasemapChoice } from "@/map/basemap";
import { LegendRow } from "./LegendRow";
import css from "./layers.module.css";

/** Kinds of signs that say what part of the symbol carries them. */
const HEADED = new Set(["grade", "status", "class"]);

export default function LayersPanel() {
  const { t } = useTranslation("layers-panel");
  const layers = useMapLayers();
  const declared = useStore(layers.declared);
  if (!declared.length) return <Loading />;
  return (
    <div className={css.panel}>
      <ul>
        {[...declared].reverse().map((layer) => (
          <li key={layer.info.id}>
            <LayerRow layer={layer} />
          </li>
        ))}
      </ul>
      <h3>{t("basemap")}</h3>
      <Basemaps />
    </div>
  );
}

function LayerRow({ layer }: { layer: LayerHandle }) {
  const { t } = useTranslation(["layers-panel", "exports"]);
  useUrl();
  const layers = useMapLayers();
  const { id, title, legend, actions } = layer.info;
  const [open, setOpen] = useState(id === "customers");
  const legendId = useId();
  const opacity = layers.settings().find((setting) => setting.id === id)?.opacity;
  const visible = opacity !== undefined;
  const name = localized(title);

  return (
    <section className={css.layer} data-off={visible ? undefined : ""}>
      <div className={css.head}>
        <label>
          <input
            type="checkbox"
            checked={visible}
            onChange={(event) => layers.setShown(id, event.target.checked ? 1 : null)}
          />
          <strong>{name}</strong>
        </label>
        {actions.includes("export") && (
          <IconButton
            icon="download"
            label={t("exports:openOf", { layer: name })}
            onClick={() => urlState.set({ export: id })}
          />
        )}
        <IconButton
          icon={open ? "chevronUp" : "chevronDown"}
          label={t(open ? "hideLegend" : "showLegend", { layer: name })}
          aria-expanded={open}
          aria-controls={legendId}
          onClick={() => setOpen(!open)}
        />
      </div>
      {visible && (
        <label className={css.opacity}>
          <span>{t("opacity")}</span>
          <input
            type="range"
            min={10}
            max={100}
            step={5}
            value={Math.round(opacity * 100)}
            aria-label={t("opacityOf", { layer: name })}
            onChange={(event) => layers.setShown(id, Number(event.target.value) / 100)}
          />
          <output>{Math.round(opacity * 100)} %</output>
        </label>
      )}
      {open && (
        <ul id={legendId} className={css.legend}>
          {legend.map((entry, index) => {
            const { kind } = entry.symbol as { kind?: string };
            const heads = kind !== (legend[index - 1]?.symbol as { kind?: string } | undefined)?.kind;
            return (
              <Fragment key={`${entry.part}${entry.label.en}`}>
                {heads && HEADED.has(kind ?? "") && <li className={css.subhead}>{t(`signs.${kind}`)}</li>}
                <LegendRow entry={entry} />
              </Fragment>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function Basemaps() {
  const { t } = useTranslation("layers-panel");
  const basemaps = useBasemaps();
  const choice = useBasemapChoice(basemaps.data);
  const group = useId();
  if (basemaps.isPending) return <Loading />;
  const images = (basemaps.data ?? []).filter((basemap) => basemap.kind === "imagery");
  const vectors = (basemaps.data ?? []).filter((basemap) => basemap.kind === "vector");
  const options: { mode: BasemapMode; key: string; label: string; down: boolean; note: string }[] = [
    ...vectors.map((info) => ({
      mode: "vector" as const,
      key: info.key,
      label: localized(info.title),
      down: info.status === "down",
      note: localized(info.note),
    })),
    ...images.flatMap((info) =>
      (["imagery", "hybrid"] as const).map((mode) => ({
        mode,
        key: info.key,
        label: mode === "hybrid" ? t("withLabels", { basemap: localized(info.title) }) : localized(info.title),
        down: info.status === "down",
        note: localized(info.note),
      })),
    ),
  ];
  return (
    <fieldset className={css.basemaps}>
      <legend className="visually-hidden">{t("basemap")}</legend>
      {options.map(({ mode, key, label, down, note }) => {
        const current = choice.mode === mode && (mode === "vector" ? choice.vector : choice.imagery)?.key === key;
        const first = (mode === "vector" ? vectors : images)[0]?.key === key;
        return (
          <label key={`${mode}${key}`}>
            <input
              type="radio"
              name={group}
              checked={current}
              onChange={() => showBasemap(mode, first ? undefined : key)}
            />
            <span>
              {label}
              {down && (
                <em>
                  <Icon name="warning" size={14} /> {t("down")}
                </em>
              )}
              {note && mode !== "hybrid" && <small>{note}</small>}
            </span>
          </label>
        );
      })}
      {!options.length && <Message>{t("noBasemap")}</Message>}
    </fieldset>
  );
}
