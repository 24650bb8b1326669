/** Lower edge of the map: scale bar, coordinates with their datum, attribution. */
import { useTranslation } from "react-i18next";
import { formatDecimal } from "@/lib/coordinates";
import { useStore } from "@/lib/store";
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
  return (
    <div className={css.coordinates} title={t(pointer ? "atPointer" : "atCentre")}>
      <span>{formatDecimal(shown, 5)}</span> <abbr title={t("datum")}>WGS 84</abbr>
    </div>
  );
}

function Attribution() {
  const text = useAttribution();
  return <div className={css.attribution}>{text}</div>;
}
