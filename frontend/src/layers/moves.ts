/** After a move was stored: draw it at once, say it, offer to take it back. Card, tray and history all end here. */
import i18next from "i18next";
import { newIdempotencyKey } from "@/api/http";
import { deviceWords, type Moved, readHistory, theirsOf, undoCustomerMove } from "@/api/moves";
import type { Feature, Move } from "@/api/types";
import { formatLength } from "@/lib/format";
import { compassPoint } from "@/lib/geodesy";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { errorText, requestIdOf } from "@/lib/ui/errors";
import { urlState } from "@/lib/url-state";
import type { MapLayers } from "./map-layers";

/** The same event that the live stream brings a moment later; an older one never covers a newer. */
export function showFeature(layers: MapLayers, feature: Feature): void {
  const layer = layers.get("customers");
  const shown = Number(layer?.find(feature.id)?.properties.v ?? -1);
  if (!layer || shown > Number(feature.properties.v)) return;
  layer.applyEvents([
    { type: "event", s: "customers", e: "", q: 0, p: 0, at: "", k: "upsert", id: feature.id, b: feature },
  ]);
}

/** "35 m north-east"; null where it had no location before, or has none after. */
export function moveWords(
  move: Pick<Move, "from" | "to" | "distance_m">,
): { distance: string; direction: string } | null {
  if (!move.from || !move.to || move.distance_m === null) return null;
  return {
    distance: formatLength(move.distance_m),
    direction: i18next.t(`moves:compass.${compassPoint(move.from, move.to)}`),
  };
}

export function tellMoved(layers: MapLayers, answer: Moved): void {
  const { move, customer } = answer;
  const name = nameOf(customer);
  const words = moveWords(move);
  const text = words
    ? i18next.t(move.kind === "undo" ? "moves:told.undone" : "moves:told.moved", { name, ...words })
    : i18next.t(move.to ? "moves:told.placed" : "moves:told.toTray", { name });
  notify({
    kind: "done",
    text,
    action: { label: i18next.t("moves:undo"), run: () => void takeBack(layers, answer.customer.id, move) },
  });
}

/** The same undo pressed again after silence keeps its key: it cannot happen twice. */
let lastUndo = { body: "", key: "" };

/**
 * Undo a stored move, whatever day it was made; a new row of the journal. True when the server took it.
 * `move` tells which one and, by its version, what the person has seen.
 */
export async function takeBack(
  layers: MapLayers,
  customerId: number,
  move: Pick<Move, "id" | "version">,
  { reason = "", baseVersion = move.version }: TakeBackOptions = {},
): Promise<boolean> {
  try {
    const command = { move_id: move.id, base_version: baseVersion, reason, device: deviceWords() };
    const body = JSON.stringify([customerId, command]);
    if (body !== lastUndo.body) lastUndo = { body, key: newIdempotencyKey() };
    const answer = await undoCustomerMove(customerId, command, lastUndo.key);
    showFeature(layers, answer.feature);
    tellMoved(layers, answer);
    return true;
  } catch (error) {
    const theirs = theirsOf(error);
    if (theirs) void readHistory(customerId);
    notify(
      theirs
        ? {
            kind: "warning",
            text: i18next.t("moves:told.movedSince", { who: theirs.actor_name || theirs.actor || "?" }),
            lasts: 0,
            action: {
              label: i18next.t("moves:seeHistory"),
              run: () => urlState.set({ sel: `customers:${customerId}`, tab: "history" }),
            },
          }
        : {
            kind: "error",
            text: errorText(error, i18next.t),
            ...requestIdOf(error),
          },
    );
    return false;
  }
}

interface TakeBackOptions {
  reason?: string;
  baseVersion?: number;
}
