/** What is selected is marked on the map and brought into view once; what the pointer is on is named. */
import { useEffect, useRef } from "react";
import { useCustomer } from "@/api/customers";
import { useMapLayers } from "@/layers/context";
import type { LonLat } from "@/lib/coordinates";
import { nameOf } from "@/lib/names";
import { useStore } from "@/lib/store";
import { useSelection } from "@/lib/url-state";
import { useMap } from "@/map/context";
import { useMark } from "@/map/use-mark";
import css from "./selection.module.css";

export default function Selection() {
  return (
    <>
      <Marked />
      <HoverName />
    </>
  );
}

function Marked() {
  const map = useMap();
  const layers = useMapLayers();
  const selection = useSelection();
  const isCustomer = selection?.layer === "customers";
  const card = useCustomer(isCustomer ? selection.id : null).data;
  const drawn = selection ? layers.get(selection.layer)?.find(selection.id)?.lonLat : undefined;
  const known: LonLat | null =
    card && card.lon !== null && card.lat !== null
      ? { lon: card.lon, lat: card.lat }
      : isCustomer && card
        ? null
        : (drawn ?? null);
  // While it is moved the name would stay behind.
  const resting = useStore(map.mode) === null;
  useMark("selection", known, { name: isCustomer && card && resting ? nameOf(card) : undefined });

  // Once per selection: a link without a view flies there; else the map only moves when the place cannot be seen.
  const shownFor = useRef<string | null>(map.hadView ? null : "");
  const key = selection ? `${selection.layer}:${selection.id}` : null;
  const { lon, lat } = known ?? { lon: null, lat: null };
  useEffect(() => {
    if (!key || lon === null || lat === null || shownFor.current === key) return;
    // The card opens in the same moment and covers a part of the map: look once it is there.
    const timer = setTimeout(() => {
      if (shownFor.current === "") map.flyTo({ lon, lat, zoom: 17 });
      else map.reveal({ lon, lat });
      shownFor.current = key;
    }, 80);
    return () => clearTimeout(timer);
  }, [key, lon, lat, map]);
  return null;
}

function HoverName() {
  const map = useMap();
  const hit = useStore(map.hovered);
  const pixel = hit && map.pixelOf(hit.lonLat);
  const name = hit && nameOf(hit.properties as { name: string });
  if (!hit || !pixel || !name) return null;
  return (
    <div className={css.hover} style={{ transform: `translate(${pixel[0]}px, ${pixel[1]}px)` }} aria-hidden="true">
      <span>{name}</span>
    </div>
  );
}
