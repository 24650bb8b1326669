/** Lower edge of the map: scale bar, coordinates with their datum, attribution. */
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { formatDecimal } from "@/lib/coordinates";
import { copyText } from "@/lib/copy";
import { notify } from "@/lib/notices";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { Icon } from "@/lib/ui";
import { useUrl } from "@/lib/url-state";
import { useAttribution } from "@/map/basemap";
import { useMap } from "@/map/context";
import { scaleBar } from "@/map/scale";
import css from "./shell.module.css";

export function MapFooter() {
  useUrl();
  return (
    <footer className={css.footer}>
      <ScaleBar />
      <Coordinates />
      <Attribution />
    </footer>
  );
}

function ScaleBar() {
  const { t } = useTranslation("common");
  const view = useStore(useMap().settled);
  const { width_px, label } = scaleBar(view);
  return (
    <div className={css.scale} role="img" aria-label={t("scale", { length: label })}>
      <span style={{ width: width_px }}>{label}</span>
    </div>
  );
}

function Coordinates() {
  const { t } = useTranslation("common");
  const map = useMap();
  const pointer = useStore(map.pointer);
  const view = useStore(map.settled);
  const shown = pointer ?? view;

  const copy = useCallback(async () => {
    const text = formatDecimal(map.pointer.get() ?? map.settled.get());
    if (await copyText(text)) notify({ kind: "done", text: `${t("copied")}: ${text}`, lasts: 2_500 });
  }, [map, t]);
  useShortcuts(useMemo(() => [{ keys: "c", label: "common:keys.copyCoordinates", run: () => void copy() }], [copy]));

  return (
    <button
      type="button"
      className={css.coordinates}
      title={t(pointer ? "atPointer" : "atCentre")}
      onClick={() => void copy()}
    >
      <span>{formatDecimal(shown, 5)}</span> <abbr title={t("datum")}>WGS 84</abbr>
      <Icon name="copy" size={12} />
    </button>
  );
}

function Attribution() {
  const text = useAttribution();
  return <div className={css.attribution}>{text}</div>;
}
