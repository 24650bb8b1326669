/** Length and area, geodesic. The number stays until the tool is left. */
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatArea, formatLength } from "@/lib/format";
import { byFinger } from "@/lib/pointer";
import { IconButton } from "@/lib/ui";
import { MapButton, MapButtons } from "@/lib/ui/MapButton";
import { useMap } from "@/map/context";
import type { Measured, MeasureKind } from "@/map/measure";
import css from "./controls.module.css";

export default function MeasureControl() {
  const { t } = useTranslation("map-controls");
  const map = useMap();
  const [kind, setKind] = useState<MeasureKind | null>(null);
  const [measured, setMeasured] = useState<Measured | null>(null);
  const leave = useRef<(() => void) | null>(null);

  const start = async (wanted: MeasureKind) => {
    if (kind === wanted) {
      leave.current?.();
      return;
    }
    const { startMeasure } = await import("@/map/measure");
    leave.current?.();
    setMeasured(null);
    setKind(wanted);
    leave.current = startMeasure(map, wanted, {
      hint: t(`${wanted === "length" ? "hintLength" : "hintArea"}${byFinger() ? "Touch" : ""}`),
      onChange: setMeasured,
      onLeave: () => {
        leave.current = null;
        setKind(null);
        setMeasured(null);
      },
    });
  };

  return (
    <div className={css.measure}>
      {kind && (
        <output className={css.readout}>
          <span>
            {kind === "area" && (
              <>
                <small>{t("areaIs")}</small> <strong>{formatArea(measured?.area_m2 ?? 0)}</strong>{" "}
              </>
            )}
            <small>{t(kind === "area" ? "outlineIs" : "lengthIs")}</small>{" "}
            <strong>{formatLength(measured?.length_m ?? 0)}</strong>
          </span>
          <IconButton icon="close" size={14} label={t("endMeasure")} onClick={() => leave.current?.()} />
        </output>
      )}
      <MapButtons>
        <MapButton
          icon="ruler"
          label={t("measureLength")}
          pressed={kind === "length"}
          onClick={() => void start("length")}
        />
        <MapButton icon="area" label={t("measureArea")} pressed={kind === "area"} onClick={() => void start("area")} />
      </MapButtons>
    </div>
  );
}
