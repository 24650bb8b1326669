/** On the map: what will be on the sheet, and the rest of it dimmed. */
import { createPortal } from "react-dom";
import type { Rect } from "@/lib/sheet";
import css from "./print.module.css";

export function Frame({ box, width, height }: { box: Rect; width: number; height: number }) {
  const map = document.getElementById("map");
  if (!map) return null;
  return createPortal(
    <div className={css.veil} aria-hidden="true">
      <div
        className={css.frame}
        style={{ left: box.x + box.width / 2 - width / 2, top: box.y + box.height / 2 - height / 2, width, height }}
      />
    </div>,
    map,
  );
}
