/** The drawn shape and its customers on the map, whatever panel is open; the buttons of the tool while it draws. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { refetchWithin, useWithin } from "@/api/within";
import { useChanges } from "@/lib/changes";
import { useCustomerFilters } from "@/lib/customer-filters";
import { formatLength, formatNumber } from "@/lib/format";
import { type DrawnShape, positionsOf } from "@/lib/shapes";
import { useStore } from "@/lib/store";
import { Button, Icon, IconButton } from "@/lib/ui";
import { urlState, useUrl } from "@/lib/url-state";
import { useMap } from "@/map/context";
import { addShape, type ShapeOnMap } from "@/map/draw";
import css from "./draw.module.css";
import { clearShape, type Drawing, drawing, useDrawnShape } from "./drawing";

export default function DrawnShapeOverlay() {
  const shape = useDrawnShape();
  const current = useStore(drawing);
  const map = useMap();
  useEffect(() => () => drawing.get()?.session.leave(), []);

  // A copied link without a view opens on its shape.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens.
  useEffect(() => {
    if (shape && !map.hadView) map.fit(positionsOf(shape));
  }, [map]);

  if (current) return <ToolBar current={current} />;
  return shape && <Shown shape={shape} />;
}

function Shown({ shape }: { shape: DrawnShape }) {
  const { t } = useTranslation("draw");
  const map = useMap();
  const { panel } = useUrl();
  const filters = useCustomerFilters();
  const within = useWithin(shape, filters);
  const [drawn, setDrawn] = useState<ShapeOnMap | null>(null);
  useChanges("customers", refetchWithin);

  useEffect(() => {
    const added = addShape(map);
    setDrawn(added);
    return () => added.remove();
  }, [map]);
  useEffect(() => drawn?.show(shape), [drawn, shape]);
  useEffect(() => {
    const places = within.data?.customers.flatMap(({ lon, lat }) =>
      lon !== null && lat !== null ? [{ lon, lat }] : [],
    );
    drawn?.mark(places ?? []);
  }, [drawn, within.data]);

  if (panel === "draw") return null;
  const count = within.data?.count;
  return (
    <div className={css.bar}>
      <button type="button" className={css.reopen} onClick={() => urlState.set({ panel: "draw" })}>
        <Icon name={shape.kind} size={16} />
        <span>{t(`kinds.${shape.kind}`)}</span>
        {count !== undefined && <b>{t("customers", { count, shown: formatNumber(count) })}</b>}
      </button>
      <IconButton icon="close" size={14} label={t("clear")} onClick={clearShape} />
    </div>
  );
}

/** For fingers and for everybody who does not know the keys. */
function ToolBar({ current }: { current: Drawing }) {
  const { t } = useTranslation(["draw", "common"]);
  const { kind, corners, size_m, session } = current;
  const least = { polygon: 3, corridor: 2, circle: 1 }[kind];
  return (
    <div className={css.bar} role="toolbar" aria-label={t("title")}>
      <output>
        {size_m
          ? formatLength(size_m)
          : kind !== "circle" && t("corners", { count: corners, shown: formatNumber(corners) })}
      </output>
      {kind !== "circle" && (
        <>
          <Button kind="quiet" icon="undo" disabled={!corners} onClick={() => session.removeLast()}>
            {t("lastBack")}
          </Button>
          <Button kind="primary" icon="check" disabled={corners < least} onClick={() => session.finish()}>
            {t("finish")}
          </Button>
        </>
      )}
      <Button kind="quiet" icon="close" onClick={() => session.leave()}>
        {t("common:cancel")}
      </Button>
    </div>
  );
}
