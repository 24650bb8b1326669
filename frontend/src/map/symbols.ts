/**
 * Symbols of customers, drawn once each on a canvas: grade is the shape, status the colour and the sign inside,
 * class the ring. The legend, the card and the list draw the same ones.
 */
import type { CustomerStatus, Grade } from "@/api/types";

/** Told apart by their form, for whoever sees no colour. */
export type Ring = "none" | "single" | "double" | "dashed" | "dotted";

export interface SymbolLook {
  grade: Grade;
  status: CustomerStatus | "unknown";
  ring: Ring;
  theme: "light" | "dark";
}

const FILL: Readonly<Record<SymbolLook["theme"], Readonly<Record<SymbolLook["status"], string>>>> = {
  light: { normal: "#1a7a55", commissioning: "#2b62b5", changing: "#9a6400", closed: "#6a7680", unknown: "#40566a" },
  dark: { normal: "#35a874", commissioning: "#5b90e6", changing: "#d19a2f", closed: "#7d8b97", unknown: "#7f97ab" },
};

const EDGE = { light: "#ffffff", dark: "#0b1116" } as const;

/** Radius of the shape in CSS pixels: what matters more is larger. */
const RADIUS: Readonly<Record<Grade, number>> = { special: 12, first: 11, second: 8, temporary: 9.5, none: 6.5 };

const RING_RADIUS: Readonly<Record<Grade, number>> = {
  special: 14.5,
  first: 14,
  second: 13.5,
  temporary: 12.5,
  none: 10.5,
};

/** Half of the symbol's box, ring and edge included. */
export const SYMBOL_HALF = 18;

/** Half of what is really drawn: what labels must keep clear of. */
export function symbolHalf(grade: Grade, ring: Ring): number {
  return ring === "none" ? RADIUS[grade] + 2 : RING_RADIUS[grade] + 3;
}

const COMPETING: readonly (readonly [string, Ring])[] = [
  ["top100", "double"],
  ["large", "single"],
  ["key100", "dashed"],
  ["growth100", "dotted"],
];

/** The ring of a customer of these classes (comma list of the tile, or a list). */
export function ringOf(classes: string | readonly string[] | null | undefined): Ring {
  const owned = typeof classes === "string" ? classes.split(",") : (classes ?? []);
  return COMPETING.find(([name]) => owned.includes(name))?.[1] ?? "none";
}

const cache = new Map<string, HTMLCanvasElement>();

/** The symbol on a canvas of (2 * SYMBOL_HALF * ratio) pixels; the same object every time. */
export function symbolCanvas(symbol: SymbolLook, ratio = 2): HTMLCanvasElement {
  const key = `${symbol.grade}|${symbol.status}|${symbol.ring}|${symbol.theme}|${ratio}`;
  let canvas = cache.get(key);
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.width = canvas.height = SYMBOL_HALF * 2 * ratio;
    const context = canvas.getContext("2d");
    if (context) {
      context.scale(ratio, ratio);
      context.translate(SYMBOL_HALF, SYMBOL_HALF);
      drawSymbol(context, symbol);
    }
    cache.set(key, canvas);
  }
  return canvas;
}

function drawSymbol(context: CanvasRenderingContext2D, { grade, status, ring, theme }: SymbolLook): void {
  const radius = RADIUS[grade];
  const fill = FILL[theme][status];
  const edge = EDGE[theme];
  context.lineJoin = "round";
  context.lineCap = "round";

  if (ring !== "none") drawRing(context, ring, RING_RADIUS[grade], fill, edge);

  shapePath(context, grade, radius);
  context.lineWidth = 3;
  context.strokeStyle = edge;
  context.stroke();
  context.fillStyle = fill;
  context.fill();

  context.strokeStyle = context.fillStyle = theme === "light" ? "#ffffff" : "#07141b";
  context.translate(0, grade === "first" ? 2.4 : 0);
  drawSign(context, status, radius);
}

function shapePath(context: CanvasRenderingContext2D, grade: Grade, radius: number): void {
  context.beginPath();
  if (grade === "none") {
    context.arc(0, 0, radius, 0, 2 * Math.PI);
    return;
  }
  if (grade === "second") {
    context.roundRect(-radius, -radius, radius * 2, radius * 2, 2.5);
    return;
  }
  const corners = { special: 10, first: 3, temporary: 4 }[grade];
  const rise = grade === "first" ? 2 : 0;
  for (let corner = 0; corner < corners; corner++) {
    const reach = grade === "special" && corner % 2 ? radius * 0.56 : radius;
    const angle = (corner / corners) * 2 * Math.PI - Math.PI / 2;
    context.lineTo(reach * Math.cos(angle), reach * Math.sin(angle) + rise);
  }
  context.closePath();
}

/** Inside the shape: a sign for every status that is not normal, so that colour is never alone. */
function drawSign(context: CanvasRenderingContext2D, status: SymbolLook["status"], radius: number): void {
  const size = Math.min(radius * 0.42, 3.6);
  context.lineWidth = 1.8;
  context.beginPath();
  if (status === "closed") {
    context.moveTo(-size, -size);
    context.lineTo(size, size);
    context.moveTo(size, -size);
    context.lineTo(-size, size);
    context.stroke();
  } else if (status === "commissioning") {
    context.moveTo(-size, 0);
    context.lineTo(size, 0);
    context.moveTo(0, -size);
    context.lineTo(0, size);
    context.stroke();
  } else if (status === "changing") {
    context.moveTo(-size, -size * 0.5);
    context.lineTo(size, -size * 0.5);
    context.moveTo(-size, size * 0.6);
    context.lineTo(size, size * 0.6);
    context.stroke();
  }
}

function drawRing(context: CanvasRenderingContext2D, ring: Ring, radius: number, fill: string, edge: string): void {
  const circle = (at: number, width: number, color: string) => {
    context.beginPath();
    context.arc(0, 0, at, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = color;
    context.stroke();
  };
  context.globalAlpha = 0.92;
  circle(radius, ring === "double" ? 5.6 : 4, edge);
  context.globalAlpha = 1;
  // Whole marks all the way round: four arcs, or nine dots.
  const around = 2 * Math.PI * radius;
  if (ring === "dashed") {
    context.lineCap = "butt";
    context.setLineDash([around * 0.17, around * 0.08]);
  }
  if (ring === "dotted") context.setLineDash([0.01, around / 9 - 0.01]);
  if (ring === "double") {
    circle(radius - 1.5, 1.3, fill);
    circle(radius + 1.5, 1.3, fill);
  } else {
    circle(radius, ring === "dotted" ? 3.2 : ring === "dashed" ? 2.2 : 1.7, fill);
  }
  context.setLineDash([]);
  context.lineCap = "round";
}
