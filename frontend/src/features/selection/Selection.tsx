/** What is selected: marked on the map, brought into view once, and chosen from a list where several stand at one place. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCustomer } from "@/api/customers";
import type { CustomerStatus, Grade } from "@/api/types";
import { useMapLayers } from "@/layers/context";
import type { LonLat } from "@/lib/coordinates";
import { nameOf } from "@/lib/names";
import { useEscape } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { select, useSelection } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import { useMap } from "@/map/context";
import type { Hit, MapClick } from "@/map/grid-map";
import { useMark } from "@/map/use-mark";
import css from "./selection.module.css";

export default function Selection() {
  const map = useMap();
  const [choice, setChoice] = useState<MapClick | null>(null);

  useEffect(
    () =>
      map.onClick((click) => {
        setChoice(null);
        const [first, second] = click.hits;
        if (!first) return;
        if (second) setChoice(click);
        else select({ layer: first.layer, id: first.id });
      }),
    [map],
  );

  return (
    <>
      <Marked />
      <HoverName />
      {choice && <Choice click={choice} onDone={() => setChoice(null)} />}
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
  useMark("selection", known);

  // Once per selection: a link without a view flies there; else the map only moves when the place cannot be seen.
  const shownFor = useRef<string | null>(map.hadView ? null : "");
  const key = selection ? `${selection.layer}:${selection.id}` : null;
  useEffect(() => {
    if (!key || !known || shownFor.current === key) return;
    const fly = shownFor.current === "";
    shownFor.current = key;
    const timer = setTimeout(() => (fly ? map.flyTo({ ...known, zoom: 17 }) : map.reveal(known)), 60);
    return () => clearTimeout(timer);
  }, [key, known, map]);
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

function Choice({ click, onDone }: { click: MapClick; onDone: () => void }) {
  const { t } = useTranslation("selection");
  const first = useRef<HTMLButtonElement>(null);
  useEscape(onDone);
  useEffect(() => first.current?.focus(), []);

  const pick = (hit: Hit) => {
    select({ layer: hit.layer, id: hit.id });
    onDone();
  };

  return (
    <div className={css.anchor} style={{ transform: `translate(${click.pixel[0]}px, ${click.pixel[1]}px)` }}>
      <section className={css.choice} aria-label={t("several", { count: click.hits.length })}>
        <h2>{t("several", { count: click.hits.length })}</h2>
        <ul>
          {click.hits.map((hit, index) => (
            <li key={`${hit.layer}:${hit.id}`}>
              <button ref={index ? null : first} type="button" onClick={() => pick(hit)}>
                <CustomerSymbol
                  grade={(hit.properties.grade ?? "none") as Grade}
                  status={(hit.properties.status ?? "unknown") as CustomerStatus}
                  classes={String(hit.properties.classes ?? "")}
                  size={24}
                />
                {nameOf(hit.properties as { name: string })}
              </button>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
