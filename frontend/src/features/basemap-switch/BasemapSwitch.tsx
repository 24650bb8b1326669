/** Two states, vector and imagery; over imagery the labels can be switched. Notices when the basemap fails or ends here. */
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useBasemaps } from "@/api/map-info";
import type { BasemapInfo } from "@/api/types";
import { localized } from "@/lib/i18n";
import { useShownTheme } from "@/lib/preferences";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { Icon } from "@/lib/ui";
import { type BasemapMode, isOutside, showBasemap, useBasemapChoice, withoutDetail } from "@/map/basemap";
import { useMap } from "@/map/context";
import { tileFailures } from "@/map/tile-loading";
import css from "./switch.module.css";

/** `b` goes round: map, imagery, imagery with labels. */
const NEXT: Readonly<Record<BasemapMode, BasemapMode>> = { vector: "imagery", imagery: "hybrid", hybrid: "vector" };

export default function BasemapSwitch() {
  const { t } = useTranslation("basemap-switch");
  const basemaps = useBasemaps();
  const { mode, vector, imagery } = useBasemapChoice(basemaps.data);
  const images = (basemaps.data ?? []).filter((basemap) => basemap.kind === "imagery");
  const imageryKey = imagery && imagery.key !== images[0]?.key ? imagery.key : undefined;
  const theme = useShownTheme();

  useShortcuts(
    useMemo(
      () =>
        imagery
          ? [
              {
                keys: "b",
                label: "basemap-switch:keys.basemap",
                run: () => showBasemap(NEXT[mode], NEXT[mode] === "vector" ? undefined : imageryKey),
              },
            ]
          : [],
      [mode, imagery, imageryKey],
    ),
  );
  useEffect(() => {
    document.documentElement.dataset.basemap = mode;
  }, [mode]);

  if (!imagery) return <BasemapNotice shown={[vector]} />;
  const over = mode !== "vector";
  return (
    <>
      <div className={css.switch}>
        <button
          type="button"
          className={css.thumb}
          data-look={over ? "vector" : "imagery"}
          data-theme={theme}
          aria-label={t(over ? "toVector" : "toImagery")}
          title={`${t(over ? "toVector" : "toImagery")} (b)`}
          onClick={() => showBasemap(over ? "vector" : "hybrid", over ? undefined : imageryKey)}
        >
          <span>{t(over ? "vector" : "imagery")}</span>
        </button>
        {over && (
          <label className={css.labels}>
            <input
              type="checkbox"
              checked={mode === "hybrid"}
              onChange={(event) => showBasemap(event.target.checked ? "hybrid" : "imagery", imageryKey)}
            />
            {t("labels")}
          </label>
        )}
      </div>
      <BasemapNotice shown={over ? [imagery, mode === "hybrid" ? vector : undefined] : [vector]} />
    </>
  );
}

function BasemapNotice({ shown }: { shown: readonly (BasemapInfo | undefined)[] }) {
  const { t } = useTranslation("basemap-switch");
  const view = useStore(useMap().settled);
  const failures = useStore(tileFailures);
  const infos = shown.filter((info) => info !== undefined);
  const down = infos.find((info) => info.status === "down" || (failures[failureKey(info)] ?? 0) >= 3);
  const outside = infos.find((info) => info.kind === "imagery" && isOutside(info, view));
  const bare = useStore(withoutDetail);
  const stale = (failures["tiles/customers"] ?? 0) >= 3;
  const text = stale
    ? t("customersDown")
    : down
      ? t("down", { basemap: localized(down.title) })
      : outside
        ? t("outside", { basemap: localized(outside.title) })
        : bare
          ? t("noDetail")
          : "";
  return (
    <div className={css.notice} role="status" data-empty={text ? undefined : ""}>
      {text && (
        <>
          <Icon name={down || stale ? "warning" : "info"} size={16} />
          {text}
        </>
      )}
    </div>
  );
}

function failureKey({ url }: BasemapInfo): string {
  return url.split("/").slice(1, 3).join("/");
}
