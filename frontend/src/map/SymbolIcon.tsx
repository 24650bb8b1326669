/** The map's own symbol of a customer, in a list, a card or a legend. */
import type { CustomerStatus, Grade } from "@/api/types";
import { useShownTheme } from "@/lib/preferences";
import { type Ring, ringOf, SYMBOL_HALF, symbolCanvas } from "./symbols";

const urls = new Map<HTMLCanvasElement, string>();

function urlOf(canvas: HTMLCanvasElement): string {
  let url = urls.get(canvas);
  if (!url) {
    url = canvas.toDataURL();
    urls.set(canvas, url);
  }
  return url;
}

export function SymbolIcon({
  grade,
  status,
  classes,
  ring,
  size = 28,
}: {
  grade: Grade;
  status: CustomerStatus | "unknown";
  classes?: readonly string[] | string | null;
  ring?: Ring;
  size?: number;
}) {
  const theme = useShownTheme();
  const canvas = symbolCanvas({ grade, status, ring: ring ?? ringOf(classes), theme });
  const full = SYMBOL_HALF * 2;
  return (
    <img src={urlOf(canvas)} alt="" width={full} height={full} style={{ width: size, height: size, flex: "none" }} />
  );
}
