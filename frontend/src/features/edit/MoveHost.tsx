/**
 * The mode "move": explicit, entered by the card's button, the key m or the tray, left by Save, Cancel or Esc.
 * While it is on, the map's clicks and arrow keys belong to it; nothing outside of it can move a customer.
 */
import { lazy, Suspense, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { positionOf, readCard } from "@/api/moves";
import { useMay, useMe } from "@/api/session";
import { useMapLayers } from "@/layers/context";
import type { LonLat } from "@/lib/coordinates";
import { stepped } from "@/lib/geodesy";
import { notify } from "@/lib/notices";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { errorText } from "@/lib/ui/errors";
import { parseSelection, urlState } from "@/lib/url-state";
import { useMap } from "@/map/context";
import { arrowStep, PositionEditor } from "@/map/edit";
import { askToMove, moveWish } from "@/map/moving";
import { beginMove, isDirty, placed, shownAt } from "./move-session";
import { cancelMove, moveSession, saveMove, startMove, update } from "./move-store";

const MovePanel = lazy(() => import("./MovePanel"));
const NEAR_ENOUGH_ZOOM = 14.5;

export default function MoveHost() {
  const map = useMap();
  const layers = useMapLayers();
  const { t } = useTranslation(["edit", "errors"]);
  const may = useMay("move");
  const { guard_distance_m } = useMe().utility;
  const session = useStore(moveSession);
  const wish = useStore(moveWish);
  const editor = useRef<PositionEditor | null>(null);
  const id = session?.customer.id ?? null;
  const inConflict = session?.phase.name === "conflict";

  useEffect(() => {
    if (!wish) return;
    moveWish.set(null);
    if (may) startMove(beginMove(wish.customer, positionOf(wish.customer), wish.to));
  }, [wish, may]);

  useShortcuts(
    useMemo(
      () =>
        may
          ? [
              {
                keys: "m",
                label: "edit:keys.move",
                when: () => !moveSession.get() && parseSelection(urlState.get().sel)?.layer === "customers",
                run: () => {
                  const selected = parseSelection(urlState.get().sel)?.id;
                  if (selected === undefined) return;
                  readCard(selected)
                    .then((card) => {
                      if (!card.deleted_at) askToMove(card);
                    })
                    .catch((error) => notify({ kind: "error", text: errorText(error, t) }));
                },
              },
            ]
          : [],
      [may, t],
    ),
  );

  // One mode per move: the symbol of the layer is replaced by the one that can be dragged.
  useEffect(() => {
    if (id === null) return;
    const cameFrom = document.activeElement;
    // The page goes away (the session ended): the move waits until the person is back.
    let closing = false;
    const given = (to: LonLat) =>
      update((current) =>
        current.phase.name === "saving" || current.phase.name === "conflict"
          ? current
          : placed(current, { ...to, datum: "WGS84" }, "map_click"),
      );
    const opened = new PositionEditor(map, {
      symbol: () => moveSession.get()?.customer ?? { grade: "none", status: "normal", classes: [] },
      onMove: given,
    });
    editor.current = opened;
    const leave = map.enterMode({
      id: "move",
      cursor: "crosshair",
      onClick: ({ lonLat }) => given(lonLat),
      onKey: (event) => {
        const current = moveSession.get();
        if (!current) return false;
        if (event.key === "Enter") {
          void saveMove(layers, guard_distance_m);
          return true;
        }
        const step = arrowStep(event);
        if (!step) return false;
        given(stepped(shownAt(current) ?? map.shown, step.east_m, step.north_m));
        return true;
      },
      onLeave: () => {
        if (!closing) cancelMove();
      },
    });
    // A phone's panel would cover the place to choose.
    const phone = window.matchMedia("(max-width: 640px)").matches;
    const panel = urlState.get().panel;
    if (phone && panel) urlState.set({ panel: null }, { replace: true });
    const start = moveSession.get();
    const at = start && shownAt(start);
    if (at && (map.view.getZoom() ?? 0) < NEAR_ENOUGH_ZOOM) map.flyTo({ ...at, zoom: 17 });
    document.getElementById("map")?.focus();
    return () => {
      closing = true;
      leave();
      opened.remove();
      editor.current = null;
      layers.get("customers")?.setHidden(id, false);
      if (phone && panel) urlState.set({ panel }, { replace: true });
      if (cameFrom instanceof HTMLElement && cameFrom.isConnected && cameFrom !== document.body) cameFrom.focus();
    };
  }, [id, map, layers, guard_distance_m]);

  useEffect(() => {
    if (id !== null) layers.get("customers")?.setHidden(id, !inConflict);
  }, [id, inConflict, layers]);

  useEffect(() => {
    if (!session) return;
    const { from, phase } = session;
    if (phase.name !== "conflict") {
      editor.current?.show(from, shownAt(session));
      return;
    }
    const { lon, lat } = phase.theirs;
    const theirs = lon === null || lat === null ? null : { lon, lat };
    editor.current?.compare({ start: from, mine: shownAt(session), theirs });
  }, [session]);

  // Closing the page would lose what was moved or typed.
  const dirty = session !== null && isDirty(session);
  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [dirty]);

  if (!session) return null;
  return (
    <Suspense fallback={null}>
      <MovePanel key={session.customer.id} session={session} />
    </Suspense>
  );
}
