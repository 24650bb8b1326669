/**
 * How the vector basemap is painted: quiet, so that customers stand out. Light, dark, and labels only (over imagery).
 * MVT layers of the server: land, landuse, green, water, buildings, rail, roads, boundaries, coverage, labels.
 */
import type { FeatureLike } from "ol/Feature.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { type Look, MAP_FONT } from "./look";

interface Palette {
  land: string;
  water: string;
  landuse: Readonly<Record<string, string>>;
  green: Readonly<Record<string, string>>;
  building: string;
  buildingEdge: string;
  road: string;
  roadMajor: string;
  casing: string;
  path: string;
  rail: string;
  boundary: string;
  coverage: string;
  text: string;
  textStrong: string;
  textGreen: string;
  halo: string;
}

const LIGHT: Palette = {
  land: "#f4f3ef",
  water: "#c7dae5",
  landuse: {
    block: "#efede8",
    construction: "#ece7dc",
    railway: "#e9e8e6",
    platform: "#e4e2de",
    pedestrian: "#f9f8f5",
    parking: "#ecebe7",
  },
  green: { park: "#dceacf", grass: "#e3edd8", scrub: "#d9e6cd", pitch: "#d3e6d2" },
  building: "#e3dfd7",
  buildingEdge: "#d2ccc0",
  road: "#ffffff",
  roadMajor: "#fffaf0",
  casing: "#d9d4c8",
  path: "#d8cfbf",
  rail: "#b7b5b1",
  boundary: "#a8a3b5",
  coverage: "#a9a599",
  text: "#5d6670",
  textStrong: "#3c4751",
  textGreen: "#4f6f46",
  halo: "rgba(255,255,255,.85)",
};

const DARK: Palette = {
  land: "#131b22",
  water: "#0a1219",
  landuse: {
    block: "#161f27",
    construction: "#1a2128",
    railway: "#151c23",
    platform: "#1c252d",
    pedestrian: "#19232b",
    parking: "#182129",
  },
  green: { park: "#14241f", grass: "#14221e", scrub: "#13221c", pitch: "#152722" },
  building: "#1d2831",
  buildingEdge: "#2a3742",
  road: "#2a3641",
  roadMajor: "#34424e",
  casing: "#10171d",
  path: "#2c3741",
  rail: "#3b4752",
  boundary: "#4a4f63",
  coverage: "#3c4853",
  text: "#8a99a6",
  textStrong: "#a9b7c2",
  textGreen: "#7f9f8c",
  halo: "rgba(11,17,22,.85)",
};

/** Width on the ground in metres and the least width in pixels, by class of road; from what map zoom it is drawn. */
const ROADS: Readonly<Record<string, { width_m: number; least_px: number; from: number; major?: boolean }>> = {
  primary: { width_m: 17, least_px: 1.6, from: 9, major: true },
  secondary: { width_m: 14, least_px: 1.3, from: 10, major: true },
  tertiary: { width_m: 11, least_px: 1, from: 12, major: true },
  residential: { width_m: 9, least_px: 0.8, from: 13 },
  service: { width_m: 5, least_px: 0.5, from: 15 },
  pedestrian: { width_m: 6, least_px: 0.6, from: 14 },
  cycleway: { width_m: 2, least_px: 0.6, from: 16 },
  path: { width_m: 1.6, least_px: 0.6, from: 16 },
  steps: { width_m: 2.4, least_px: 0.8, from: 16 },
};

const ORDER = ["steps", "path", "cycleway", "service", "pedestrian", "residential", "tertiary", "secondary", "primary"];

/** Ground of a map whose tiles say where water is, not where land is. */
export function landColor({ theme }: Look): string {
  return (theme === "dark" ? DARK : LIGHT).land;
}

/** Ground of the map where there is no tile: sea. */
export function waterColor({ theme }: Look): string {
  return (theme === "dark" ? DARK : LIGHT).water;
}

/** What the layers of other maps (OpenMapTiles, Protomaps, Shortbread) are called here. */
const CALLED: Readonly<Record<string, string>> = {
  earth: "land",
  ocean: "water",
  water_polygons: "water",
  waterway: "water_lines",
  water_lines: "water_lines",
  landcover: "green",
  park: "green",
  parks: "green",
  building: "buildings",
  transportation: "roads",
  streets: "roads",
  boundary: "boundaries",
  place: "labels",
  places: "labels",
  place_labels: "labels",
  poi: "labels",
  pois: "labels",
};

const KNOWN = new Set([
  "land",
  "landuse",
  "green",
  "water",
  "buildings",
  "rail",
  "roads",
  "boundaries",
  "coverage",
  "labels",
]);

export class BasemapStyles {
  private readonly palette: Palette;
  private readonly look: Look;
  private readonly cache = new Map<string, Style | Style[] | undefined>();

  constructor(look: Look) {
    this.look = look;
    this.palette = look.theme === "dark" ? DARK : LIGHT;
  }

  /** Areas and lines. `zoom` of the map; half steps are enough for widths. */
  ground(feature: FeatureLike, zoom: number): Style | Style[] | undefined {
    const named = String(feature.get("layer"));
    const layer = CALLED[named] ?? named;
    const kind = String(feature.get("class") ?? feature.get("kind") ?? "");
    const step = Math.round(zoom * 2) / 2;
    const bridge = feature.get("bridge") ? "b" : feature.get("tunnel") ? "t" : "";
    const key = `${layer}|${kind}|${layer === "roads" || layer === "rail" || layer === "buildings" ? step : ""}|${bridge}`;
    if (!this.cache.has(key)) this.cache.set(key, this.buildGround(layer, kind, step, bridge) ?? this.plain(layer));
    return this.cache.get(key);
  }

  label(feature: FeatureLike, zoom: number): Style | undefined {
    const named = String(feature.get("layer"));
    const layer = CALLED[named] ?? named;
    if (layer === "roads") return this.streetName(feature, zoom);
    if (layer !== "labels") return undefined;
    const text = this.nameOf(feature);
    if (!text) return undefined;
    const kind = String(feature.get("class"));
    const rank = Number(feature.get("rank") ?? 9);
    if (!labelShown(kind, rank, zoom)) return undefined;
    const key = `label|${kind}|${rank}|${feature.get("category") ?? ""}|${text}`;
    if (!this.cache.has(key))
      this.cache.set(key, this.buildLabel(text, kind, rank, String(feature.get("category") ?? "")));
    return this.cache.get(key) as Style | undefined;
  }

  private nameOf(feature: FeatureLike): string {
    const name = feature.get("name");
    const translated = this.look.language === "zh" ? feature.get("name_zh") : feature.get("name_en");
    return String(translated || name || "");
  }

  private buildGround(layer: string, kind: string, zoom: number, bridge: string): Style | Style[] | undefined {
    const { palette } = this;
    switch (layer) {
      case "land":
        return fill(palette.land, 0);
      case "landuse":
        return fill(palette.landuse[kind] ?? palette.land, 1);
      case "green":
        return fill(palette.green[kind] ?? palette.land, 2);
      case "water":
        return fill(palette.water, 3);
      case "water_lines":
        return new Style({
          stroke: new Stroke({ color: palette.water, width: Math.max(1, (zoom - 10) * 0.5) }),
          zIndex: 3,
        });
      case "buildings":
        return new Style({
          fill: new Fill({ color: palette.building }),
          ...(zoom >= 15.5 ? { stroke: new Stroke({ color: palette.buildingEdge, width: 0.8 }) } : {}),
          zIndex: 4,
        });
      case "rail":
        return kind === "subway"
          ? undefined
          : new Style({
              stroke: new Stroke({
                color: palette.rail,
                width: kind === "tram" ? 0.8 : Math.max(1, (zoom - 12) * 0.5),
                ...(kind === "rail" && zoom > 15 ? { lineDash: [7, 3] } : {}),
              }),
              zIndex: kind === "tram" ? 28 : 6,
            });
      case "roads":
        return this.buildRoad(kind, zoom, bridge);
      case "boundaries":
        return new Style({
          stroke: new Stroke({
            color: palette.boundary,
            width: kind === "country" ? 1.2 : 0.7,
            lineDash: kind === "country" ? [6, 3, 1, 3] : [3, 3],
          }),
          zIndex: 30,
        });
      case "coverage":
        return new Style({ stroke: new Stroke({ color: palette.coverage, width: 1, lineDash: [2, 5] }), zIndex: 31 });
      default:
        return undefined;
    }
  }

  /** Of a layer that nobody knows: what it is made of, quietly. Points are left to their names. */
  private plain(layer: string): Style | undefined {
    if (KNOWN.has(layer)) return undefined;
    const { palette } = this;
    return new Style({
      stroke: new Stroke({ color: palette.boundary, width: 1 }),
      fill: new Fill({ color: `${palette.boundary}26` }),
      zIndex: 5,
    });
  }

  private buildRoad(kind: string, zoom: number, bridge: string): Style[] | undefined {
    const road = ROADS[kind] ?? ROADS.residential;
    if (!road || zoom < road.from) return undefined;
    // Metres on the ground at 60 degrees north, about; widths are a matter of looks, not of measuring.
    const metresPerPixel = (156_543 * 0.5) / 2 ** zoom;
    const width = Math.max(road.least_px, road.width_m / metresPerPixel / 1.7);
    const order = 8 + ORDER.indexOf(kind);
    const { palette } = this;
    if (road.width_m < 3) {
      const dash = kind === "steps" ? [1.5, 1.5] : [3, 2.5];
      return [
        new Style({
          stroke: new Stroke({ color: palette.path, width: Math.max(width, 0.9), lineDash: dash }),
          zIndex: 7,
        }),
      ];
    }
    const color = bridge === "t" ? palette.landuse.block : road.major ? palette.roadMajor : palette.road;
    const line = new Style({
      stroke: new Stroke({ color, width, lineCap: "round", lineJoin: "round" }),
      zIndex: order + 10,
    });
    if (width < 2)
      return [new Style({ stroke: new Stroke({ color: road.major ? palette.casing : color, width }), zIndex: order })];
    const casing = new Style({
      stroke: new Stroke({
        color: palette.casing,
        width: width + 1.6,
        lineCap: bridge === "b" ? "butt" : "round",
        lineJoin: "round",
        ...(bridge === "t" ? { lineDash: [4, 4] } : {}),
      }),
      zIndex: order,
    });
    return [casing, line];
  }

  private streetName(feature: FeatureLike, zoom: number): Style | undefined {
    const text = this.nameOf(feature);
    const kind = String(feature.get("class"));
    const from = ROADS[kind]?.major ? 14.5 : kind === "residential" || kind === "pedestrian" ? 15.5 : 17;
    if (!text || zoom < from) return undefined;
    const key = `street|${kind}|${text}|${Math.round(zoom)}`;
    if (!this.cache.has(key)) {
      const size = zoom >= 16.5 ? 11.5 : 10.5;
      this.cache.set(
        key,
        new Style({
          text: new Text({
            text,
            placement: "line",
            font: `500 ${size}px ${MAP_FONT}`,
            fill: new Fill({ color: this.look.imagery ? "#ffffff" : this.palette.text }),
            stroke: new Stroke({ color: this.look.imagery ? "rgba(10,18,24,.8)" : this.palette.halo, width: 2.5 }),
            maxAngle: Math.PI / 7,
            repeat: 420,
          }),
          zIndex: 5 + ORDER.indexOf(kind),
        }),
      );
    }
    return this.cache.get(key) as Style;
  }

  private buildLabel(text: string, kind: string, rank: number, category: string): Style {
    const { palette, look } = this;
    const strong = kind === "country" || kind === "city" || kind === "district";
    const green = category === "park";
    const size =
      { country: 12, city: rank <= 3 ? 13 : 12, district: 12, housenumber: 9.5 }[kind] ?? (rank <= 2 ? 11 : 10.5);
    const shown = kind === "district" && look.language === "en" ? text.toUpperCase() : text;
    const color = green ? palette.textGreen : strong ? palette.textStrong : palette.text;
    return new Style({
      text: new Text({
        text: wrapped(shown),
        font: `${strong ? 600 : 500} ${size}px ${MAP_FONT}`,
        fill: new Fill({ color: look.imagery ? "#ffffff" : color }),
        stroke: new Stroke({ color: look.imagery ? "rgba(10,18,24,.8)" : palette.halo, width: 2.5 }),
        padding: [3, 4, 3, 4],
      }),
      zIndex: 100 - rank,
    });
  }
}

function fill(color: string, zIndex: number): Style {
  return new Style({ fill: new Fill({ color }), zIndex });
}

function labelShown(kind: string, rank: number, zoom: number): boolean {
  if (kind === "country") return zoom < 8 && zoom >= rank - 0.5;
  if (kind === "city") return zoom < 13.5 && zoom >= rank;
  if (kind === "district") return zoom >= 13 && zoom < 16.5;
  if (kind === "housenumber") return zoom >= 17.5;
  return zoom >= 13.5 + rank;
}

function wrapped(text: string): string {
  if (text.length <= 16) return text;
  const words = text.split(" ");
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 15) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.slice(0, 3).join("\n");
}
