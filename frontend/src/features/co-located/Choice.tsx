/** The small list at the place: one customer per row, arrows move, Enter selects, Esc goes back to the map. */
import { type KeyboardEvent, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { useEscape } from "@/lib/shortcuts";
import { Button, IconButton } from "@/lib/ui";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import css from "./co-located.module.css";
import type { Candidate } from "./MapPress";

const GAP_PX = 14;
const EDGE_PX = 8;

export function Choice({
  candidates,
  count,
  pixel,
  onChoose,
  onZoom,
  onLeave,
}: {
  candidates: readonly Candidate[];
  count: number;
  pixel: readonly [number, number];
  onChoose: (candidate: Candidate) => void;
  /** Null when no zoom can tell them apart. */
  onZoom: (() => void) | null;
  onLeave: (toMap: boolean) => void;
}) {
  const { t } = useTranslation(["co-located", "domain", "common"]);
  const box = useRef<HTMLElement>(null);
  const headingId = useId();
  const position = usePosition(box, pixel);
  useEscape(useCallback(() => onLeave(true), [onLeave]));

  useEffect(() => box.current?.querySelector<HTMLButtonElement>("li button")?.focus(), []);
  useEffect(() => {
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) onLeave(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [onLeave]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...(box.current?.querySelectorAll<HTMLButtonElement>("li button") ?? [])];
    const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(now + step + buttons.length) % buttons.length]?.focus();
  };

  return (
    <section ref={box} role="dialog" className={css.choice} style={position} aria-labelledby={headingId}>
      <header>
        <h2 id={headingId}>{t("here", { count, shown: formatNumber(count) })}</h2>
        <IconButton icon="close" size={14} label={t("common:close")} onClick={() => onLeave(true)} />
      </header>
      <ul onKeyDown={onKeyDown}>
        {candidates.map((candidate) => (
          <li key={`${candidate.layer}:${candidate.id}`}>
            <button type="button" onClick={() => onChoose(candidate)}>
              <CustomerSymbol grade={candidate.grade} status={candidate.status} classes={candidate.classes} size={28} />
              <span>
                <b>{nameOf(candidate)}</b>
                <small>
                  {t(`domain:grade.${candidate.grade}`)}
                  {candidate.status !== "unknown" && ` · ${t(`domain:status.${candidate.status}`)}`}
                </small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {onZoom && (
        <footer>
          <Button icon="plus" onClick={onZoom}>
            {t("zoom")}
          </Button>
        </footer>
      )}
    </section>
  );
}

/** Beside the place, inside the page. */
function usePosition(box: React.RefObject<HTMLElement | null>, [x, y]: readonly [number, number]) {
  const [position, setPosition] = useState<{ left: number; top: number } | { opacity: 0 }>({
    opacity: 0,
  });
  useLayoutEffect(() => {
    const map = document.getElementById("map")?.getBoundingClientRect();
    const own = box.current?.getBoundingClientRect();
    if (!map || !own) return;
    const [left, top] = [map.left + x + GAP_PX, map.top + y - own.height / 2];
    const room = window.innerWidth - own.width - EDGE_PX;
    setPosition({
      left: Math.max(EDGE_PX, left > room ? Math.min(room, map.left + x - own.width - GAP_PX) : left),
      top: Math.max(map.top + EDGE_PX, Math.min(map.bottom - own.height - EDGE_PX, top)),
    });
  }, [box, x, y]);
  return position;
}
