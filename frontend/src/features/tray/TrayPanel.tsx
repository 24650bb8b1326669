/**
 * "12 without location": drag one onto the map by mouse or finger, or press Place and then click, type or use the arrow keys.
 * Where it was dropped is only a proposal: the panel of the move asks for the rest and saves.
 */
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import { useCustomerCounts, useCustomers } from "@/api/customers";
import { useMay } from "@/api/session";
import type { CustomerRow } from "@/api/types";
import { nameOf } from "@/lib/names";
import { Button, Empty, Icon, Loading, TextField } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import { select, urlState, useSelection } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import { useMap } from "@/map/context";
import { askToMove } from "@/map/moving";
import css from "./tray.module.css";

export default function TrayPanel() {
  const { t } = useTranslation(["tray", "common", "errors"]);
  const mayDelete = useMay("delete");
  const [text, setText] = useState("");
  const waiting = useCustomers({
    located: false,
    ordering: "grade",
    limit: 200,
    ...(text.trim() ? { q: text.trim() } : {}),
  });
  const total = useCustomerCounts().data?.unlocated;
  const rows = waiting.data?.pages.flatMap((page) => page.results).filter((row) => row.lon === null) ?? [];

  return (
    <div className={css.tray}>
      {(total ?? 0) > 0 && <p className={css.intro}>{t("intro", { count: total ?? 0 })}</p>}
      {((total ?? 0) > 8 || text) && (
        <TextField label={t("find")} type="search" value={text} onChange={(event) => setText(event.target.value)} />
      )}
      {waiting.isPending && <Loading />}
      {waiting.isError && <TryAgain error={waiting.error} again={waiting.refetch} />}
      {waiting.isSuccess && rows.length === 0 && (
        <Empty title={t(text ? "noneFound" : "empty.title")}>{!text && t("empty.text")}</Empty>
      )}
      <ul className={css.rows} aria-label={t("title")}>
        {rows.map((row) => (
          <Waiting key={row.id} row={row} />
        ))}
      </ul>
      {waiting.hasNextPage && <Button onClick={() => waiting.fetchNextPage()}>{t("more")}</Button>}
      {mayDelete && (
        <Button className={css.toDeleted} kind="quiet" icon="trash" onClick={() => urlState.set({ panel: "deleted" })}>
          {t("deleted.open")}
        </Button>
      )}
    </div>
  );
}

function Waiting({ row }: { row: CustomerRow }) {
  const { t } = useTranslation(["tray", "domain"]);
  const selection = useSelection();
  const name = nameOf(row);
  const { ghost, onMouseDown, onTouchDown } = useDragOntoMap(row);
  return (
    <li
      className={css.row}
      data-selected={selection?.id === row.id ? "" : undefined}
      data-dragged={ghost ? "" : undefined}
    >
      {/* The whole row can be dragged by mouse; a finger takes the grip, so that the list can still be scrolled. */}
      <div className={css.who} onPointerDown={onMouseDown}>
        <span className={css.grip} title={t("drag")} onPointerDown={onTouchDown}>
          <CustomerSymbol grade={row.grade} status={row.status} classes={row.classes} size={30} />
          <Icon name="move" size={14} />
        </span>
        <button
          type="button"
          className={css.name}
          onClick={() => select({ layer: "customers", id: row.id })}
          title={t(`domain:grade.${row.grade}`)}
        >
          <strong>{name}</strong>
          <span>{[row.account_no, row.address].filter(Boolean).join(" · ")}</span>
        </button>
      </div>
      <Button aria-label={t("placeLabel", { name })} onClick={() => askToMove(row)}>
        {t("place")}
      </Button>
      {ghost &&
        createPortal(
          <div className={css.ghost} style={{ transform: `translate(${ghost.x}px, ${ghost.y}px)` }} aria-hidden="true">
            <CustomerSymbol grade={row.grade} status={row.status} classes={row.classes} size={36} />
            <span>{name}</span>
          </div>,
          document.body,
        )}
    </li>
  );
}

const STARTS_AFTER_PX = 6;

/** Pointer events serve mouse, pen and finger alike; HTML drag and drop knows no finger. */
function useDragOntoMap(row: CustomerRow) {
  const map = useMap();
  const [ghost, setGhost] = useState<{ x: number; y: number } | null>(null);
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => () => stop.current?.(), []);

  const down = (press: PointerEvent<HTMLElement>) => {
    if (press.button !== 0 || stop.current) return;
    const panel = press.currentTarget.closest<HTMLElement>("aside");
    let dragging = false;
    const begin = () => {
      dragging = true;
      // On a phone the panel lies over the map: let the map be seen while looking for the place.
      if (panel && window.matchMedia("(max-width: 640px)").matches) panel.style.opacity = "0.15";
    };
    const end = () => {
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", onUp);
      window.removeEventListener("pointercancel", end);
      window.removeEventListener("keydown", onKey, { capture: true });
      stop.current = null;
      setGhost(null);
      if (panel) panel.style.opacity = "";
    };
    const onMove = (event: globalThis.PointerEvent) => {
      if (event.pointerId !== press.pointerId) return;
      const far = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) >= STARTS_AFTER_PX;
      if (!dragging && far) begin();
      if (dragging) setGhost({ x: event.clientX, y: event.clientY });
    };
    const onUp = (event: globalThis.PointerEvent) => {
      if (event.pointerId !== press.pointerId) return;
      const throughPanel = panel?.style.opacity === "0.15";
      end();
      if (!dragging) return;
      swallowClick();
      const under = document
        .elementsFromPoint(event.clientX, event.clientY)
        .find((element) => !(throughPanel && panel?.contains(element)));
      const canvas = under?.closest("#map");
      if (!canvas) return;
      const box = canvas.getBoundingClientRect();
      askToMove(row, map.lonLatAt([event.clientX - box.left, event.clientY - box.top]));
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !dragging) return;
      event.preventDefault();
      event.stopPropagation();
      end();
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", onUp);
    window.addEventListener("pointercancel", end);
    window.addEventListener("keydown", onKey, { capture: true });
    stop.current = end;
  };

  return {
    ghost,
    onMouseDown: (event: PointerEvent<HTMLElement>) => {
      if (event.pointerType !== "touch") down(event);
    },
    onTouchDown: (event: PointerEvent<HTMLElement>) => {
      if (event.pointerType === "touch") down(event);
    },
  };
}

/** The click that follows a drop is not a press of the name. */
function swallowClick(): void {
  const swallow = (event: Event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 50);
}
