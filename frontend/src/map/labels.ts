/** Names of customers on the map: how they are broken and inked. */
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import type { Look } from "./look";

export function labelInk(theme: Look["theme"]): { fill: Fill; stroke: Stroke } {
  const dark = theme === "dark";
  return {
    fill: new Fill({ color: dark ? "#e9f0f5" : "#14212b" }),
    stroke: new Stroke({ color: dark ? "rgba(11,17,22,.9)" : "rgba(255,255,255,.92)", width: 3 }),
  };
}

/** Break a long name once, near its middle: at a space, or between Chinese characters. */
export function wrapLabel(name: string): string {
  const text = name.length > 46 ? `${name.slice(0, 45)}…` : name;
  const wide = /[\u3400-\u9fff]/.test(text);
  if (text.length <= (wide ? 10 : 20)) return text;
  if (wide) return `${text.slice(0, Math.ceil(text.length / 2))}\n${text.slice(Math.ceil(text.length / 2))}`;
  const middle = text.length / 2;
  const spaces = [...text.matchAll(/ /g)].map((match) => match.index);
  const best = spaces.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0];
  return best === undefined ? text : `${text.slice(0, best)}\n${text.slice(best + 1)}`;
}
