/** Basemaps: drop a picture or tiles, see how far each file is, and everything that is on the map by now. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AdminBasemap, basemapAdmin, useAdminBasemaps } from "@/api/basemap-admin";
import { formatBytes, formatDate, formatLength, formatNumber } from "@/lib/format";
import { localized } from "@/lib/i18n";
import { Button, Chip, Dialog, Empty, Icon } from "@/lib/ui";
import { AskButton, useDeed } from "@/lib/ui/asking";
import { Refusal, Unread } from "@/lib/ui/refusal";
import { urlState } from "@/lib/url-state";
import { showBasemap } from "@/map/basemap";
import { useMap } from "@/map/context";
import { actOrThrow } from "./act";
import css from "./administration.module.css";
import { BasemapFields, useWords } from "./BasemapFields";
import { BasemapUploads } from "./BasemapUploads";
import own from "./basemaps.module.css";
import { tileOver } from "./preview";

export default function Basemaps() {
  const { t } = useTranslation("administration");
  const basemaps = useAdminBasemaps();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls.
    <section className={css.page} tabIndex={0} aria-label={t("tab.basemaps")}>
      <BasemapUploads />
      <Unread reading={basemaps} />
      {basemaps.data?.length === 0 && <Empty title={t("basemaps.none")}>{t("basemaps.noneHelp")}</Empty>}
      <ul className={own.basemaps} aria-label={t("basemaps.list")}>
        {basemaps.data?.map((basemap) => (
          <li key={basemap.key}>
            <Card basemap={basemap} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function titleOf({ title_en, title_zh }: AdminBasemap): string {
  return localized({ en: title_en, zh: title_zh });
}

function Card({ basemap }: { basemap: AdminBasemap }) {
  const { t } = useTranslation("administration");
  const [editing, setEditing] = useState(false);
  const { key, kind, enabled, removable } = basemap;
  const title = titleOf(basemap);
  return (
    <article className={own.basemap} data-off={enabled ? undefined : ""}>
      <Preview basemap={basemap} />
      <div className={own.words}>
        <h3>
          {title} <Chip tone={kind === "imagery" ? "info" : "neutral"}>{t(`basemaps.kind.${kind}`)}</Chip>
          {!enabled && <Chip tone="warning">{t("basemaps.off")}</Chip>}
          {basemap.status === "down" && <Chip tone="critical">{t("basemaps.down")}</Chip>}
        </h3>
        <Facts basemap={basemap} />
        <div className={css.deeds}>
          <ShowButton basemap={basemap} />
          <Button icon="edit" onClick={() => setEditing(true)}>
            {t("basemaps.edit")}
          </Button>
          <Button
            icon={enabled ? "eyeOff" : "eye"}
            onClick={() =>
              void actOrThrow(
                () => basemapAdmin.change(key, { enabled: !enabled }),
                t(enabled ? "basemaps.switchedOff" : "basemaps.switchedOn", { name: title }),
              )
            }
          >
            {t(enabled ? "basemaps.switchOff" : "basemaps.switchOn")}
          </Button>
          {removable && (
            <AskButton
              label={t("basemaps.remove")}
              title={t("basemaps.removeTitle", { name: title })}
              yes={t("basemaps.remove")}
              onYes={() => actOrThrow(() => basemapAdmin.remove(key), t("basemaps.removed", { name: title }))}
            >
              <p>{t(basemap.file ? "basemaps.removeFileHelp" : "basemaps.removeHelp")}</p>
            </AskButton>
          )}
        </div>
      </div>
      {editing && <EditDialog basemap={basemap} onClose={() => setEditing(false)} />}
    </article>
  );
}

/** A tile of the whole extent: what is there, before anybody opens the map. */
function Preview({ basemap }: { basemap: AdminBasemap }) {
  const { t } = useTranslation("administration");
  const { key, kind, bounds, enabled, max_zoom } = basemap;
  if (kind !== "imagery" || !enabled || !bounds) {
    return (
      <div className={own.preview}>
        <Icon name="layers" size={32} />
      </div>
    );
  }
  const { z, x, y } = tileOver(bounds, max_zoom);
  return (
    <img
      className={own.preview}
      src={`/imagery/${key}/${z}/${x}/${y}.png`}
      alt={t("basemaps.preview", { name: titleOf(basemap) })}
      loading="lazy"
      width={160}
      height={160}
    />
  );
}

function Facts({ basemap }: { basemap: AdminBasemap }) {
  const { t } = useTranslation("administration");
  const { bounds, datum, file, min_zoom, max_zoom, taken_date, source_type } = basemap;
  const made = file?.made;
  const facts: [string, ReactNode][] = [
    ["source", t(`basemaps.sourceType.${source_type}`)],
    ["date", taken_date ? formatDate(taken_date) : t("basemaps.unknownDate")],
    ["extent", bounds ? extentOf(bounds) : t("basemaps.everywhere")],
    ["zooms", `${min_zoom} – ${max_zoom}`],
    ["datum", t(`basemaps.datum.${datum}`, { defaultValue: datum })],
  ];
  if (made?.width) {
    facts.push(["resolution", t("basemaps.perPixel", { length: formatPixel(made.pixel_m) })]);
    facts.push(["size", `${formatNumber(made.width)} × ${formatNumber(made.height)}`]);
    facts.push(["crs", made.crs]);
  }
  if (made?.stretched) {
    const [low = 0, high = 0] = made.stretched;
    facts.push(["stretched", `${formatNumber(low)} – ${formatNumber(high)}`]);
  }
  if (file) facts.push(["file", `${file.file_name} · ${formatBytes(file.bytes)}${file.by ? ` · ${file.by}` : ""}`]);
  return (
    <dl className={own.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{t(`basemaps.fact.${name}`)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function extentOf(bounds: readonly number[]): string {
  const [west = 0, south = 0, east = 0, north = 0] = bounds;
  return `${formatNumber(west, 4)}°, ${formatNumber(south, 4)}° – ${formatNumber(east, 4)}°, ${formatNumber(north, 4)}°`;
}

function formatPixel(pixel_m: number): string {
  return pixel_m < 1 ? `${formatNumber(pixel_m * 100)} cm` : formatLength(pixel_m);
}

function ShowButton({ basemap }: { basemap: AdminBasemap }) {
  const { t } = useTranslation("administration");
  const map = useMap();
  const { key, kind, bounds, enabled, max_zoom } = basemap;
  const show = () => {
    urlState.set({ admin: null });
    showBasemap(kind === "imagery" ? "imagery" : "vector", key);
    if (!bounds) return;
    const [west = 0, south = 0, east = 0, north = 0] = bounds;
    map.fit(
      [
        { lon: west, lat: south },
        { lon: east, lat: north },
      ],
      { maxZoom: max_zoom },
    );
  };
  return (
    <Button icon="layers" disabled={!enabled} onClick={show}>
      {t("basemaps.show")}
    </Button>
  );
}

function EditDialog({ basemap, onClose }: { basemap: AdminBasemap; onClose: () => void }) {
  const { t } = useTranslation(["administration", "common"]);
  const { words, set } = useWords(basemap);
  const { busy, error, run } = useDeed();
  const save = async () => {
    const done = await run(() =>
      actOrThrow(() => basemapAdmin.change(basemap.key, words), t("basemaps.saved", { name: words.title_en })),
    );
    if (done) onClose();
  };
  return (
    <Dialog title={t("basemaps.editTitle", { name: titleOf(basemap) })} open onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <BasemapFields words={words} set={set} />
        <Refusal error={error} />
        <div className={css.answers}>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button kind="primary" type="submit" disabled={busy || !words.title_en.trim()}>
            {t("basemaps.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
