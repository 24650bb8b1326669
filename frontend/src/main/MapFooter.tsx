/** Lower edge of the map: scale bar, coordinates with their datum, attribution. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "@/lib/store";
import { useUrl } from "@/lib/url-state";
import { useAttribution } from "@/map/basemap";
import { useMap } from "@/map/context";
import { scaleBar } from "@/map/scale";
import css from "./shell.module.css";

export function MapFooter({ children }: { children: ReactNode }) {
  useUrl();
  return (
    <footer className={css.footer}>
      <ScaleBar />
      {children}
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

function Attribution() {
  const text = useAttribution();
  return <div className={css.attribution}>{text}</div>;
}
