/** What a press on the map does, also by keyboard: Enter stands for a press on the middle of the map. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { readCustomers } from "@/api/customer-pages";
import type { CustomerStatus, Grade } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import { readCustomerFilters } from "@/lib/customer-filters";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { select, urlState } from "@/lib/url-state";
import { useMap } from "@/map/context";
import type { GridMap, Hit, MapClick } from "@/map/grid-map";
import { type Cluster, clusterAt, heapOf, standTogether } from "@/map/heaps";
import { Choice } from "./Choice";
import css from "./co-located.module.css";

export interface Candidate {
  id: number;
  layer: string;
  name: string;
  name_en?: string | null;
  name_zh?: string | null;
  grade: Grade;
  status: CustomerStatus | "unknown";
  classes: string | readonly string[];
  place: LonLat;
}

interface Offer {
  candidates: readonly Candidate[];
  pixel: readonly [number, number];
  /** How many there are; the list may hold fewer. */
  count: number;
}

/** As many as a person can choose from; larger heaps say how many they are. */
const MOST_CANDIDATES = 200;

export default function MapPress() {
  const map = useMap();
  const [offer, setOffer] = useState<Offer | null>(null);
  const asking = useRef<AbortController | null>(null);

  const press = useCallback(
    (click: MapClick) => {
      asking.current?.abort();
      setOffer(null);
      const heap = heapOf(click.hits, (place) => map.pixelOf(place), click.pixel);
      const [only, ...others] = heap;
      if (only && others.length) {
        setOffer({ candidates: heap.map(candidateOf), pixel: click.pixel, count: heap.length });
        return;
      }
      if (only) {
        select({ layer: only.layer, id: only.id });
        return;
      }
      const cluster = clusterAt(map, click.pixel);
      if (!cluster) {
        if (urlState.get().sel) select(null);
        return;
      }
      asking.current = new AbortController();
      void openCluster(map, cluster, click.pixel, asking.current.signal).then((opened) => opened && setOffer(opened));
    },
    [map],
  );

  useEffect(() => map.onClick(press), [map, press]);
  useEffect(() => () => asking.current?.abort(), []);

  const leave = useCallback((toMap: boolean) => {
    setOffer(null);
    if (toMap) document.getElementById("map")?.focus();
  }, []);

  return (
    <>
      <MiddleOfMap onPress={press} />
      {offer && (
        <Choice
          candidates={offer.candidates}
          count={offer.count}
          pixel={offer.pixel}
          onChoose={(candidate) => {
            leave(true);
            select({ layer: candidate.layer, id: candidate.id });
          }}
          onZoom={
            standTogether(offer.candidates.map(({ place }) => place))
              ? null
              : () => {
                  leave(true);
                  map.fit(
                    offer.candidates.map(({ place }) => place),
                    { maxZoom: 20 },
                  );
                }
          }
          onLeave={leave}
        />
      )}
    </>
  );
}

/** Zoom to what the cluster stands for; a list when no zoom can take it apart. */
async function openCluster(
  map: GridMap,
  { place, cell }: Cluster,
  pixel: readonly [number, number],
  signal: AbortSignal,
): Promise<Offer | null> {
  const closer = () => map.flyTo({ ...place, zoom: Math.min(20, map.settled.get().zoom + 2) });
  try {
    const filters = readCustomerFilters(urlState.get());
    const { count, results } = await readCustomers({ ...filters, bbox: cell.join(",") }, MOST_CANDIDATES, signal);
    const candidates = results.flatMap((row): Candidate[] => {
      if (row.lon === null || row.lat === null) return [];
      return [{ ...row, layer: "customers", place: { lon: row.lon, lat: row.lat } }];
    });
    const places = candidates.map((candidate) => candidate.place);
    if (signal.aborted) return null;
    if (!places.length) closer();
    else if (count > places.length) map.fit(corners(cell), { maxZoom: 17 });
    else if (standTogether(places)) return { candidates, pixel, count };
    else map.fit(places, { maxZoom: 17 });
  } catch {
    // Aborted by the next press, or no network: closer is always right.
    if (!signal.aborted) closer();
  }
  return null;
}

function corners([west, south, east, north]: Cluster["cell"]): LonLat[] {
  return [
    { lon: west, lat: south },
    { lon: east, lat: north },
  ];
}

function candidateOf({ layer, id, lonLat, properties }: Hit): Candidate {
  const text = (key: string) => (typeof properties[key] === "string" ? (properties[key] as string) : "");
  return {
    id,
    layer,
    name: text("name"),
    name_en: text("name_en"),
    name_zh: text("name_zh"),
    grade: (text("grade") || "none") as Grade,
    status: (text("status") || "unknown") as CustomerStatus | "unknown",
    classes: text("classes"),
    place: lonLat,
  };
}

/** While the map has the keyboard: a cross in the middle, and Enter presses there. */
function MiddleOfMap({ onPress }: { onPress: (click: MapClick) => void }) {
  const { t } = useTranslation("co-located");
  const map = useMap();
  const mode = useStore(map.mode);
  const view = useStore(map.settled);
  const [focused, setFocused] = useState(false);

  useEffect(() => {
    const element = document.getElementById("map");
    const read = () => setFocused(element?.matches(":focus-visible") ?? false);
    element?.addEventListener("focus", read);
    element?.addEventListener("blur", read);
    element?.addEventListener("keydown", read);
    return () => {
      element?.removeEventListener("focus", read);
      element?.removeEventListener("blur", read);
      element?.removeEventListener("keydown", read);
    };
  }, []);

  useShortcuts(
    useMemo(
      () => [
        {
          keys: "Enter",
          label: "co-located:keys.middle",
          when: () => document.activeElement?.id === "map" && !map.mode.get(),
          run: () => {
            const pixel = middleOf(map);
            if (pixel) onPress({ lonLat: map.lonLatAt(pixel), pixel, hits: map.pick(pixel, 24) });
          },
        },
      ],
      [map, onPress],
    ),
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the view is what moves the middle.
  const pixel = useMemo(() => (focused && !mode ? middleOf(map) : null), [map, view, focused, mode]);
  if (!pixel) return null;
  return (
    <div className={css.middle} style={{ transform: `translate(${pixel[0]}px, ${pixel[1]}px)` }}>
      <span className="visually-hidden">{t("middle")}</span>
    </div>
  );
}

/** Of what panels leave free. */
function middleOf(map: GridMap): readonly [number, number] | null {
  const [west, south, east, north] = map.settled.get().bbox;
  const [a, b] = [map.pixelOf({ lon: west, lat: south }), map.pixelOf({ lon: east, lat: north })];
  return a && b ? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] : null;
}
