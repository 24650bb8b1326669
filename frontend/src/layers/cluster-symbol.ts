/** A cluster: a disc sized by its count, with the worst grade's shape at its shoulder. */
import type { Grade } from "@/api/types";
import { SYMBOL_HALF, symbolCanvas } from "@/map/symbols";

export function clusterRadius(n: number): number {
  return n < 10 ? 14 : n < 50 ? 16 : n < 250 ? 19 : n < 2_000 ? 22 : 26;
}

interface ClusterLook {
  radius: number;
  worst: Grade;
  theme: "light" | "dark";
}

const cache = new Map<string, HTMLCanvasElement>();
const RATIO = 2;

export function clusterCanvas({ radius, worst, theme }: ClusterLook): HTMLCanvasElement {
  const key = `${radius}|${worst}|${theme}`;
  let canvas = cache.get(key);
  if (canvas) return canvas;
  const half = radius + 12;
  canvas = document.createElement("canvas");
  canvas.width = canvas.height = half * 2 * RATIO;
  const context = canvas.getContext("2d");
  if (context) {
    context.scale(RATIO, RATIO);
    context.translate(half, half);
    disc(context, radius + 4, theme === "dark" ? "rgba(92,195,228,.22)" : "rgba(11,82,110,.22)");
    disc(context, radius, theme === "dark" ? "#17394a" : "#0f5470");
    context.lineWidth = 1.5;
    context.strokeStyle = theme === "dark" ? "#5cc3e4" : "#ffffff";
    context.stroke();
    if (worst !== "none") {
      const badge = symbolCanvas({ grade: worst, status: "unknown", ring: "none", theme }, RATIO);
      const size = SYMBOL_HALF * 2 * 0.72;
      const at = radius * 0.74;
      context.drawImage(badge, at - size / 2, -at - size / 2, size, size);
    }
  }
  cache.set(key, canvas);
  return canvas;
}

function disc(context: CanvasRenderingContext2D, radius: number, color: string): void {
  context.beginPath();
  context.arc(0, 0, radius, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
}
