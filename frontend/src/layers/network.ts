/** Layer "network": feeders in their colours, single lines and stations when there is room, substations always. */
import type { FeatureLike } from "ol/Feature.js";
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { LayerInfo } from "@/api/types";
import { type GridMap, Z } from "@/map/grid-map";
import { type Look, MAP_FONT, perLook } from "@/map/look";
import { zoomOfResolution } from "@/map/scale";
import type { LayerHandle } from "./layer-handle";
import { MvtLayer } from "./mvt-layer";

/** Told apart without red (kept for what needs a person) and without green against brown. */
const FEEDER_COLOURS = {
  light: ["#2f6fb0", "#b06a1f", "#6d4fa8", "#11867f", "#a8417e", "#5d7a1f", "#3f4f9e", "#8a5a44", "#0f7ba0", "#7d6b12"],
  dark: ["#6aa8e6", "#e0a05a", "#a78be0", "#4cc0b6", "#e07fb6", "#a3c158", "#8795e6", "#c9987f", "#52b8dc", "#cdb84a"],
} as const;

export function feederColour(code: string, theme: Look["theme"]): string {
  const number = Number(/(\d+)$/.exec(code)?.[1] ?? Number.NaN);
  const index = Number.isFinite(number) ? number : [...code].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  // Feeders 101..105 and 201..205 of two substations get ten different colours.
  const spread = index % 10 ? (index % 10) + 5 * (Math.floor(index / 100) % 2) : index / 10;
  return FEEDER_COLOURS[theme][Math.floor(spread) % FEEDER_COLOURS[theme].length] ?? FEEDER_COLOURS[theme][0];
}

const styles = perLook((current) => new NetworkStyles(current));

export function networkLayer(map: GridMap, info: LayerInfo): LayerHandle {
  return new MvtLayer(map, info, {
    zIndex: Z.NETWORK,
    declutter: "labels",
    style: (part, feature, resolution) => styles().style(part, feature, zoomOfResolution(resolution)),
  });
}

class NetworkStyles {
  private readonly theme: Look["theme"];
  private readonly language: Look["language"];
  private readonly cache = new Map<string, Style | Style[]>();

  constructor({ theme, imagery, language }: Look) {
    this.theme = imagery ? "dark" : theme;
    this.language = language;
  }

  style(part: string, feature: FeatureLike, zoom: number): Style | Style[] | undefined {
    switch (part) {
      case "feeders":
        // The single lines take over when they are in the tile: z14, drawn from map zoom 15.
        return zoom >= 15 ? undefined : this.line(String(feature.get("code")), "", zoom);
      case "lines":
        return this.line(String(feature.get("feeder_code")), String(feature.get("kind") ?? ""), zoom);
      case "stations":
        return zoom < 15.5 ? undefined : this.station(String(feature.get("feeder_code")), feature, zoom);
      case "substations":
        return this.substation(feature, zoom);
      default:
        return undefined;
    }
  }

  private line(feeder: string, kind: string, zoom: number): Style[] {
    const step = Math.round(zoom);
    return this.once(`line|${feeder}|${kind}|${step}`, () => {
      const colour = feederColour(feeder, this.theme);
      const width = step < 13 ? 1.2 : step < 15 ? 1.6 : step < 17 ? 2 : 2.8;
      const dash = kind === "cable" && step >= 17 ? [12, 4] : undefined;
      const under = new Style({
        stroke: new Stroke({
          color: this.theme === "dark" ? "rgba(8,14,19,.75)" : "rgba(255,255,255,.85)",
          width: width + 2,
        }),
        zIndex: 1,
      });
      const line = new Style({
        stroke: new Stroke({ color: colour, width, ...(dash ? { lineDash: dash, lineCap: "butt" as const } : {}) }),
        zIndex: 2,
      });
      if (step < 16) return [under, line];
      const name = new Style({
        text: new Text({
          text: feeder,
          placement: "line",
          font: `650 10px ${MAP_FONT}`,
          fill: new Fill({ color: colour }),
          stroke: new Stroke({ color: this.theme === "dark" ? "rgba(8,14,19,.9)" : "rgba(255,255,255,.95)", width: 3 }),
          repeat: 600,
          maxAngle: Math.PI / 8,
        }),
        zIndex: 3,
      });
      return [under, line, name];
    });
  }

  private station(feeder: string, feature: FeatureLike, zoom: number): Style[] {
    const named = zoom >= 17.5;
    const code = String(feature.get("code") ?? "");
    return this.once(`station|${feeder}|${named ? code : ""}`, () => {
      const colour = feederColour(feeder, this.theme);
      const symbol = new Style({
        image: new Icon({ img: stationCanvas(colour, this.theme), scale: 0.5, declutterMode: "none" }),
        zIndex: 4,
      });
      return named ? [symbol, this.label(code, 10, 12)] : [symbol];
    });
  }

  private substation(feature: FeatureLike, zoom: number): Style[] {
    const translated = this.language === "zh" ? feature.get("name_zh") : undefined;
    const name = String(translated || feature.get("name") || "");
    const named = zoom >= 13;
    const kv = [feature.get("voltage_kv"), feature.get("secondary_kv")].filter(Boolean).join("/");
    return this.once(`substation|${named ? name : zoom < 13}|${kv}`, () => {
      const symbol = new Style({
        image: new Icon({ img: substationCanvas(this.theme), scale: zoom < 13 ? 0.3 : 0.5, declutterMode: "obstacle" }),
        zIndex: 8,
      });
      return named ? [symbol, this.label(kv ? `${name}\n${kv} kV` : name, 11.5, 21)] : [symbol];
    });
  }

  private label(text: string, size: number, offset: number): Style {
    const dark = this.theme === "dark";
    return new Style({
      text: new Text({
        text,
        font: `600 ${size}px ${MAP_FONT}`,
        fill: new Fill({ color: dark ? "#cfdbe4" : "#23323e" }),
        stroke: new Stroke({ color: dark ? "rgba(8,14,19,.9)" : "rgba(255,255,255,.92)", width: 3 }),
        offsetY: offset,
        textBaseline: "top",
      }),
      zIndex: 7,
    });
  }

  private once<T extends Style | Style[]>(key: string, build: () => T): T {
    let style = this.cache.get(key) as T | undefined;
    if (!style) {
      style = build();
      this.cache.set(key, style);
    }
    return style;
  }
}

function canvasOf(half: number, draw: (context: CanvasRenderingContext2D) => void): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = half * 4;
  const context = canvas.getContext("2d");
  if (context) {
    context.scale(2, 2);
    context.translate(half, half);
    draw(context);
  }
  return canvas;
}

/** IEC-like: two rings of a transformer in a square. */
export function substationCanvas(theme: Look["theme"]): HTMLCanvasElement {
  const [ink, ground] = theme === "dark" ? ["#e6edf2", "#10202b"] : ["#1b3444", "#ffffff"];
  return canvasOf(16, (context) => {
    context.fillStyle = ground;
    context.strokeStyle = ink;
    context.lineWidth = 2;
    context.beginPath();
    context.roundRect(-12, -12, 24, 24, 3);
    context.fill();
    context.stroke();
    context.lineWidth = 1.7;
    for (const y of [-2.8, 2.8]) {
      context.beginPath();
      context.arc(0, y, 4.6, 0, 2 * Math.PI);
      context.stroke();
    }
  });
}

export function stationCanvas(colour: string, theme: Look["theme"]): HTMLCanvasElement {
  return canvasOf(8, (context) => {
    context.beginPath();
    context.rect(-3.6, -3.6, 7.2, 7.2);
    context.fillStyle = theme === "dark" ? "#10171e" : "#ffffff";
    context.fill();
    context.lineWidth = 1.8;
    context.strokeStyle = colour;
    context.stroke();
  });
}
