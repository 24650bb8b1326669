/** The import on the map as long as its rows are looked at, and a ring around the one that is selected. */
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type CustomerImport, type ImportRow, useImportDiff } from "@/api/imports";
import { useMe } from "@/api/session";
import type { LonLat } from "@/lib/coordinates";
import { formatNumber } from "@/lib/format";
import { useMap } from "@/map/context";
import type { GridMap } from "@/map/grid-map";
import { addDiff, type DiffMark, type DiffOnMap } from "@/map/import-diff";
import { marksOf } from "./rules";

/** Below this zoom a place is not seen among others. */
const CLOSE_ZOOM = 16;

export interface Diff {
  marks: readonly DiffMark[];
  truncated: boolean;
  fit: () => void;
}

export function useDiff(imported: CustomerImport, row: ImportRow | null): Diff {
  const { t } = useTranslation("import");
  const map = useMap();
  const guard_m = useMe().utility.guard_distance_m;
  // What was taken back is not on its way any more.
  const diff = useImportDiff(imported, imported.state !== "reverted").data;
  const [drawn, setDrawn] = useState<DiffOnMap | null>(null);
  const marks = useMemo(
    () => marksOf(diff?.features ?? [], guard_m, (rowNo) => t("rowNo", { row: formatNumber(rowNo) })),
    [diff, guard_m, t],
  );

  useEffect(() => {
    const added = addDiff(map);
    setDrawn(added);
    return () => added.remove();
  }, [map]);
  useEffect(() => drawn?.show(marks), [drawn, marks]);
  const { lon = null, lat = null } = row ?? {};
  useEffect(() => drawn?.ring(lon === null || lat === null ? null : { lon, lat }), [drawn, lon, lat]);

  // Whoever comes from the file has not looked for the place yet; whoever has some of it in view stays.
  const shownFor = useRef("");
  useEffect(() => {
    if (!marks.length || shownFor.current === imported.id) return;
    shownFor.current = imported.id;
    if (!marks.some(({ to }) => isInView(map, to))) fitAll(map, marks);
  }, [map, marks, imported.id]);

  return { marks, truncated: diff?.truncated ?? false, fit: () => fitAll(map, marks) };
}

export function flyToRow(map: GridMap, { lon, lat, from }: ImportRow): void {
  if (lon === null || lat === null) {
    if (from) map.reveal(from);
    return;
  }
  if (from) {
    map.fit([from, { lon, lat }], { maxZoom: 18 });
    return;
  }
  const { zoom } = map.settled.get();
  if (zoom >= CLOSE_ZOOM) map.reveal({ lon, lat });
  else map.flyTo({ lon, lat, zoom: CLOSE_ZOOM });
}

function fitAll(map: GridMap, marks: readonly DiffMark[]): void {
  map.fit(
    marks.flatMap(({ to, from }) => (from ? [from, to] : [to])),
    { maxZoom: 17 },
  );
}

function isInView(map: GridMap, { lon, lat }: LonLat): boolean {
  const [west, south, east, north] = map.settled.get().bbox;
  return lon > west && lon < east && lat > south && lat < north;
}
