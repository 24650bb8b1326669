/** Two buttons: where most customers are, and a list of service areas and counties to look at. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { AreaInfo, Bbox } from "@/api/types";
import { nameOf } from "@/lib/names";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { Icon, Popover } from "@/lib/ui";
import { useMap } from "@/map/context";
import css from "./areas-home.module.css";

export default function AreasControl() {
  const { t } = useTranslation("areas-home");
  const map = useMap();
  const { home, areas } = useMe().utility;
  const [open, setOpen] = useState(false);

  const show = useMemo(
    () =>
      ([west, south, east, north]: Bbox) => {
        setOpen(false);
        map.fit(
          [
            { lon: west, lat: south },
            { lon: east, lat: north },
          ],
          { maxZoom: 16 },
        );
      },
    [map],
  );
  useShortcuts(
    useMemo(() => (home ? [{ keys: "g h", label: "areas-home:home", run: () => show(home) }] : []), [home, show]),
  );

  if (!home && !areas.length) return null;
  return (
    <div className={css.group}>
      {home && (
        <button type="button" aria-label={t("home")} title={t("home")} onClick={() => show(home)}>
          <Icon name="home" size={18} />
        </button>
      )}
      {areas.length > 0 && (
        <div className={css.menu}>
          <Popover
            open={open}
            onClose={() => setOpen(false)}
            label={t("areas")}
            trigger={
              <button
                type="button"
                aria-label={t("areas")}
                title={t("areas")}
                aria-expanded={open}
                onClick={() => setOpen(!open)}
              >
                <Icon name="pin" size={18} />
              </button>
            }
          >
            <AreaList kind="service_area" label={t("serviceAreas")} areas={areas} onShow={show} />
            <AreaList kind="county" label={t("counties")} areas={areas} onShow={show} />
          </Popover>
        </div>
      )}
    </div>
  );
}

function AreaList({
  kind,
  label,
  areas,
  onShow,
}: {
  kind: AreaInfo["kind"];
  label: string;
  areas: readonly AreaInfo[];
  onShow: (bbox: Bbox) => void;
}) {
  const { t } = useTranslation("areas-home");
  const { bbox } = useStore(useMap().settled);
  const middle = { lon: (bbox[0] + bbox[2]) / 2, lat: (bbox[1] + bbox[3]) / 2 };
  const shown = areas.filter((area) => area.kind === kind);
  if (!shown.length) return null;
  return (
    <div className={css.list}>
      <h3>{label}</h3>
      <ul>
        {shown.map((area) => {
          const here = holds(area.bbox, middle);
          return (
            <li key={area.code}>
              <button type="button" onClick={() => onShow(area.bbox)}>
                {nameOf(area)}
                {here && <small>{t("here")}</small>}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Near enough for "you are here": the box of the area, not its outline. */
export function holds([west, south, east, north]: Bbox, { lon, lat }: { lon: number; lat: number }): boolean {
  return west <= lon && lon <= east && south <= lat && lat <= north;
}
