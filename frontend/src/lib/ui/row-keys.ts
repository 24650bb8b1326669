/**
 * The keyboard of a table of which only the rows on the screen exist. One tab stop; arrows, Page, Home and End move;
 * Enter or Space chooses.
 */
import { type KeyboardEvent, type RefObject, useLayoutEffect, useRef, useState } from "react";

export function useRowKeys({
  scroller,
  count,
  row_px,
  scrollToIndex,
  onChoose,
}: {
  scroller: RefObject<HTMLElement | null>;
  count: number;
  row_px: number;
  scrollToIndex: (index: number, how: { align: "auto" }) => void;
  onChoose: (index: number) => void;
}) {
  const [active, setActive] = useState(0);

  // A row far away exists only after the scroll has been drawn.
  const focusWanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (focusWanted.current === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${focusWanted.current}"]`);
    if (!row) return;
    focusWanted.current = null;
    row.focus({ preventScroll: true });
  });

  const focusRow = (index: number) => {
    const target = Math.max(0, Math.min(count - 1, index));
    setActive(target);
    focusWanted.current = target;
    scrollToIndex(target, { align: "auto" });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    // A button inside the row has its own Enter.
    if ((event.target as HTMLElement).closest("button")) return;
    const pageful = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / row_px) - 2);
    const target: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + pageful,
      PageUp: active - pageful,
      Home: 0,
      End: count - 1,
    };
    if (event.key in target) focusRow(target[event.key] ?? 0);
    else if (event.key === "Enter" || event.key === " ") onChoose(active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return { active, setActive, onKeyDown };
}
