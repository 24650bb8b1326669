/** The map's symbol of a customer as a picture beside its name: list, legend, filters and choices show the same one. */
import type { CustomerStatus, Grade } from "@/api/types";
import { useShownTheme } from "@/lib/preferences";
import { ringOf, SYMBOL_HALF, type SymbolLook, symbolCanvas } from "./symbols";

const pictures = new Map<string, string>();

function pictureOf(symbol: SymbolLook): string {
  const key = `${symbol.grade}|${symbol.status}|${symbol.ring}|${symbol.theme}`;
  let url = pictures.get(key);
  if (url === undefined) {
    url = symbolCanvas(symbol).toDataURL?.() ?? "";
    pictures.set(key, url);
  }
  return url;
}

/** Decorative: the words stand beside it. `size` is the box in CSS pixels. */
export function CustomerSymbol({
  grade,
  status = "normal",
  classes = null,
  size = SYMBOL_HALF * 2,
}: {
  grade: Grade;
  status?: CustomerStatus | "unknown";
  classes?: string | readonly string[] | null;
  size?: number;
}) {
  const theme = useShownTheme();
  const url = pictureOf({ grade, status, ring: ringOf(classes), theme });
  return <img src={url} alt="" width={size} height={size} draggable={false} style={{ flex: "none" }} />;
}
