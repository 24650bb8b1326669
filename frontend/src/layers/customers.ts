/** Layer "customers": symbols by grade, status and class from z13; clusters with count and worst grade below. */
import type { FeatureLike } from "ol/Feature.js";
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { CustomerStatus, Grade, LayerInfo } from "@/api/types";
import { GRADES } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { type GridMap, Z } from "@/map/grid-map";
import { labelInk, wrapLabel } from "@/map/labels";
import { type Look, look, MAP_FONT, perLook } from "@/map/look";
import { zoomOfResolution } from "@/map/scale";
import { type Ring, ringOf, SYMBOL_HALF, symbolCanvas, symbolHalf } from "@/map/symbols";
import { clusterCanvas, clusterRadius } from "./cluster-symbol";
import { MvtLayer } from "./mvt-layer";

/** From this zoom on a customer of the grade has a label, if there is room. */
const LABEL_FROM: Readonly<Record<Grade, number>> = { special: 14, first: 15, second: 15.5, temporary: 16, none: 16.5 };

const symbols = perLook(({ theme, imagery }) => new SymbolStyles(imagery ? "light" : theme));
const clusters = perLook(({ theme }) => new ClusterStyles(theme));

export function customersLayer(map: GridMap, info: LayerInfo): MvtLayer {
  return new CustomersLayer(map, info);
}

class CustomersLayer extends MvtLayer {
  private refreshTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(map: GridMap, info: LayerInfo) {
    super(map, info, {
      zIndex: Z.CUSTOMERS,
      declutter: "labels",
      style: (part, feature, resolution) =>
        part === "clusters" ? clusterStyle(feature) : symbolStyle(feature, zoomOfResolution(resolution)),
      label: (part, feature, resolution) =>
        part === "clusters" ? undefined : labelStyle(feature, zoomOfResolution(resolution)),
      selectable: (part) => part === "customers" || part === "clusters",
    });
  }

  /**
   * A count can not be corrected by one event, and an area filter not be judged by it: ask for the tiles again, at most
   * once a second.
   */
  protected override eventsDrawn(count: number): void {
    const filtered = Object.keys(this.query).length > 0;
    if (!count || this.refreshTimer || !(this.showsClusters(this.map.view.getResolution() ?? 1) || filtered)) return;
    this.refreshTimer = setTimeout(() => {
      this.refreshTimer = undefined;
      this.refresh();
    }, 1_000);
  }

  override remove(): void {
    clearTimeout(this.refreshTimer);
    super.remove();
  }

  protected override drawsDelta(resolution: number): boolean {
    return !this.showsClusters(resolution);
  }

  private showsClusters(resolution: number): boolean {
    const below = this.info.cluster_below;
    return below !== null && this.tileZoom(resolution) < below;
  }
}

function gradeOf(value: unknown): Grade {
  return GRADES.includes(value as Grade) ? (value as Grade) : "none";
}

function nameOf(feature: FeatureLike): string {
  const translated = look.get().language === "zh" ? feature.get("name_zh") : feature.get("name_en");
  return String(translated || feature.get("name") || "");
}

/** A town full of customers needs smaller symbols than a street of them. */
function symbolSize(zoom: number): number {
  return zoom < 14.9 ? 0.66 : zoom < 15.9 ? 0.84 : 1;
}

function symbolStyle(feature: FeatureLike, zoom: number): Style {
  const status = (feature.get("status") ?? "unknown") as CustomerStatus;
  return symbols().symbol(gradeOf(feature.get("grade")), status, feature.get("classes"), symbolSize(zoom));
}

function labelStyle(feature: FeatureLike, zoom: number): Style | undefined {
  const grade = gradeOf(feature.get("grade"));
  if (zoom < LABEL_FROM[grade]) return undefined;
  return symbols().label(nameOf(feature), grade, ringOf(feature.get("classes")), symbolSize(zoom));
}

function clusterStyle(feature: FeatureLike): Style[] {
  const n = Number(feature.get("n"));
  const grade = gradeOf(feature.get("grade"));
  if (n < 2) return [symbolStyle(feature, 15)];
  return [clusters().cluster(n, grade)];
}

class SymbolStyles {
  private readonly theme: Look["theme"];
  private readonly symbolStyles = new Map<string, Style>();
  private readonly labels = new Map<string, Style>();

  constructor(theme: Look["theme"]) {
    this.theme = theme;
  }

  symbol(grade: Grade, status: CustomerStatus, classes: string | undefined, size: number): Style {
    const ring = ringOf(classes);
    const key = `${grade}|${status}|${ring}|${size}`;
    let style = this.symbolStyles.get(key);
    if (!style) {
      const half = symbolHalf(grade, ring);
      style = new Style({
        image: new Icon({
          img: symbolCanvas({ grade, status, ring, theme: this.theme }),
          // Only the drawn middle of the canvas: labels may come close to it.
          size: [half * 4, half * 4],
          offset: [(SYMBOL_HALF - half) * 2, (SYMBOL_HALF - half) * 2],
          scale: 0.5 * size,
          declutterMode: "obstacle",
        }),
        zIndex: GRADES.length - GRADES.indexOf(grade),
      });
      this.symbolStyles.set(key, style);
    }
    return style;
  }

  label(name: string, grade: Grade, ring: Ring, size: number): Style {
    const key = `${name}|${grade}|${ring}|${size}`;
    let style = this.labels.get(key);
    if (!style) {
      if (this.labels.size > 5_000) this.labels.clear();
      style = new Style({
        text: new Text({
          text: wrapLabel(name),
          font: `${grade === "special" || grade === "first" ? 650 : 550} 12px ${MAP_FONT}`,
          ...labelInk(this.theme),
          offsetY: symbolHalf(grade, ring) * size + 4,
          textBaseline: "top",
          declutterMode: "declutter",
        }),
        zIndex: GRADES.length - GRADES.indexOf(grade),
      });
      this.labels.set(key, style);
    }
    return style;
  }
}

class ClusterStyles {
  private readonly theme: Look["theme"];
  private readonly styles = new Map<string, Style>();

  constructor(theme: Look["theme"]) {
    this.theme = theme;
  }

  cluster(n: number, worst: Grade): Style {
    const key = `${n}|${worst}`;
    let style = this.styles.get(key);
    if (!style) {
      if (this.styles.size > 5_000) this.styles.clear();
      style = new Style({
        image: new Icon({
          img: clusterCanvas({ radius: clusterRadius(n), worst, theme: this.theme }),
          scale: 0.5,
          declutterMode: "obstacle",
        }),
        text: new Text({
          text: n < 10_000 ? formatNumber(n) : `${formatNumber(n / 1_000)}k`,
          font: `650 ${n < 1_000 ? 12 : 11}px ${MAP_FONT}`,
          fill: new Fill({ color: this.theme === "dark" ? "#e9f0f5" : "#ffffff" }),
          declutterMode: "none",
        }),
        zIndex: n,
      });
      this.styles.set(key, style);
    }
    return style;
  }
}
