/** A sheet from what the screen shows: draw its map, compose it, write it as a file. */
import { useTranslation } from "react-i18next";
import { useFilterWords } from "@/api/filter-words";
import { useBasemaps } from "@/api/map-info";
import type { PrintRecord, PrintRequest } from "@/api/prints";
import { useMe } from "@/api/session";
import { useMapLayers } from "@/layers/context";
import { useCustomerFilters } from "@/lib/customer-filters";
import { formatDate, formatMoment, formatNumber } from "@/lib/format";
import { LANGUAGES, localized } from "@/lib/i18n";
import { writePdf } from "@/lib/pdf";
import { usePreferences } from "@/lib/preferences";
import { readoutOf, written } from "@/lib/readouts";
import {
  boxOf,
  cornersOf,
  type Orientation,
  type Paper,
  type SheetLayout,
  type SheetPlace,
  scaleError,
} from "@/lib/sheet";
import { FILTER_KEYS, useUrl } from "@/lib/url-state";
import { useAttribution, useBasemapChoice } from "@/map/basemap";
import { useMap } from "@/map/context";
import { look } from "@/map/look";
import { type DrawnMap, drawMap } from "@/map/print-map";
import { composeSheet } from "./compose";
import { legendOf } from "./legend";

export interface SheetWish {
  title: string;
  paper: Paper;
  orientation: Orientation;
  layout: SheetLayout;
  place: SheetPlace & { lat: number; lon: number };
  scale: number;
  withLegend: boolean;
  withCorners: boolean;
}

/** Off by more than this at the edges, a sheet says so. */
const TELL_FROM = 0.005;
const JPEG_QUALITY = 0.93;

export interface Sheets {
  draw: (wish: SheetWish, dpi: number, signal: AbortSignal) => Promise<DrawnMap>;
  compose: (
    wish: SheetWish,
    dpi: number,
    drawn: DrawnMap,
    record: PrintRecord | null,
  ) => ReturnType<typeof composeSheet>;
  write: (wish: SheetWish, sheet: ReturnType<typeof composeSheet>, record: PrintRecord) => Promise<File>;
  requestOf: (wish: SheetWish, dpi: number) => PrintRequest;
}

export function useSheets(): Sheets {
  const { t, i18n } = useTranslation(["print", "layers-panel"]);
  const zh = i18n.language === "zh";
  const map = useMap();
  const me = useMe();
  const layers = useMapLayers();
  useUrl();
  const filters = useCustomerFilters();
  const wordsOf = useFilterWords();
  const attribution = useAttribution();
  const readout = readoutOf(usePreferences().datum);
  const { mode, vector, imagery } = useBasemapChoice(useBasemaps().data);
  const shown = layers.settings().map(({ id }) => id);
  const infos = layers.declared.get().flatMap(({ info }) => (shown.includes(info.id) ? [info] : []));
  const basemaps = (mode === "vector" ? [vector] : mode === "imagery" ? [imagery] : [imagery, vector]).filter(
    (basemap) => basemap !== undefined,
  );
  const narrowed = infos.some((info) => info.filters.length > 0);
  const filterLines = FILTER_KEYS.flatMap((key) => {
    const words = filters[key]?.map((value) => wordsOf(key, value)) ?? [];
    return words.length ? [words.join(zh ? "、" : ", ")] : [];
  }).concat(filters.q ? [t("text", { text: filters.q })] : []);

  const basemapLine = () => {
    const names = basemaps.map(({ title, date }) =>
      [localized(title), date ? t("of", { date: formatDate(date) }) : ""].filter(Boolean).join(zh ? "，" : ", "),
    );
    // What imagery really is must be read where nobody can ask.
    const notes = basemaps.filter(({ kind, note }) => kind === "imagery" && note).map(({ note }) => localized(note));
    return [names.join(" + "), ...notes].join(zh ? "。" : ". ");
  };

  return {
    draw: ({ place, layout }, dpi, signal) =>
      drawMap(map, place, { width: layout.map.width, height: layout.map.height, dpi, signal }),

    compose(wish, dpi, drawn, record) {
      const { layout, place, scale } = wish;
      const [upperLeft = place, , lowerRight = place] = cornersOf(place, layout.map);
      const off = scaleError(scale, place.lat, layout.map.height);
      const at = record ? new Date(record.at) : new Date();
      const position = written(upperLeft, readout);
      return composeSheet({
        layout,
        dpi,
        map: drawn.canvas,
        title: wish.title,
        utility: me.utility.name,
        legend: wish.withLegend ? legendOf([...infos].reverse(), drawn.seen, look.get()) : [],
        legendTitle: t("legend"),
        signs: (sign) => (sign === "feeder" ? t("feeders") : t(`layers-panel:signs.${sign}`)),
        filter: narrowed && filterLines.length ? { title: t("only"), lines: filterLines } : null,
        facts: [
          [t("fact.printed"), formatMoment(at, me.utility.zone)],
          [t("fact.author"), me.name],
          [t("fact.projection"), t("projection")],
          ...(wish.withCorners ? [[t("fact.coordinates"), position.name] as const] : []),
          ...(basemaps.length ? [[t("fact.basemap"), basemapLine()] as const] : []),
        ],
        scale,
        scaleText: t("scaleOf", { scale: formatNumber(scale) }),
        scaleNote:
          off > TELL_FROM
            ? t("scaleNote", { lat: degrees(place.lat), percent: formatNumber(off * 100, off < 0.1 ? 1 : 0) })
            : "",
        rotation: place.rotation,
        north: t("north"),
        attribution: drawn.whole ? attribution : `${t("missing")} ${attribution}`,
        foot: t("foot", { number: record?.number ?? t("draft") }),
        corners: wish.withCorners ? [position.text, written(lowerRight, readout).text] : null,
      });
    },

    async write(wish, { canvas, pen }, record) {
      const picture = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", JPEG_QUALITY));
      if (!picture) throw new RangeError("The canvas is too large for this device.");
      const blob = writePdf({
        width_mm: wish.layout.width,
        height_mm: wish.layout.height,
        jpeg: new Uint8Array(await picture.arrayBuffer()),
        jpeg_px: [canvas.width, canvas.height],
        words: pen.words,
        map: { rect: wish.layout.map, corners: cornersOf(wish.place, wish.layout.map) },
        title: wish.title,
        author: me.name,
        language: LANGUAGES.find(({ code }) => code === i18n.language)?.tag ?? "en",
        at: new Date(record.at),
      });
      return new File([blob], `${fileName(wish.title)}-${record.number}.pdf`, { type: "application/pdf" });
    },

    requestOf: ({ paper, orientation, place, layout, scale }, dpi) => ({
      layers: shown,
      basemaps: basemaps.map(({ key }) => key),
      box: boxOf(cornersOf(place, layout.map), place.lon)
        .map((edge) => edge.toFixed(6))
        .join(","),
      paper,
      orientation,
      scale,
      dpi,
      turned_deg: Number(((place.rotation * 180) / Math.PI).toFixed(2)) % 360,
      filter: narrowed
        ? Object.fromEntries(
            Object.entries(filters).map(([name, value]) => [name, typeof value === "string" ? value : value.join(",")]),
          )
        : {},
    }),
  };
}

function degrees(lat: number): string {
  return `${Math.abs(lat).toFixed(1)}° ${lat < 0 ? "S" : "N"}`;
}

/** What every file system takes; letters of any script stay. */
function fileName(title: string): string {
  return (
    title
      .normalize("NFC")
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 60) || "map"
  );
}
