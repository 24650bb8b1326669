/**
 * One move from its first pixel to its answer, as plain values: a drag is provisional until it is saved, a save is one
 * request, and nothing that was typed is lost by a refusal.
 */

import type { MoveCommand, Theirs } from "@/api/moves";
import type { CustomerClass, CustomerStatus, Grade, PointSource } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import { type Datum, toWgs84 } from "@/lib/datums";
import { distanceBetween_m } from "@/lib/geodesy";
import { numberTyped } from "@/lib/numbers";

export interface MovedCustomer {
  id: number;
  name: string;
  name_en: string | null;
  name_zh: string | null;
  grade: Grade;
  status: CustomerStatus;
  classes: readonly CustomerClass[];
}

/** A position as it was given, in the datum it was given in. */
export interface Given extends LonLat {
  datum: Datum;
}

export interface MoveSession {
  customer: MovedCustomer;
  /** Null: it had no location yet. */
  from: LonLat | null;
  /** `point_version` of what the person looked at when they began. */
  baseVersion: number;
  given: Given | null;
  reason: string;
  /** Follows how the position was given until the person chooses one. */
  source: PointSource;
  sourceChosen: boolean;
  /** As typed; "" when nobody said. */
  accuracy: string;
  phase: Phase;
}

export type Phase =
  | { name: "placing" }
  | { name: "saving" }
  | { name: "askingFar"; distance_m: number; guard_m: number }
  | { name: "swapped"; suggestion: LonLat }
  | { name: "conflict"; theirs: Theirs }
  | { name: "failed"; error: unknown };

export const PLACING: Phase = { name: "placing" };

export function beginMove(
  customer: MovedCustomer & { point_version: number },
  from: LonLat | null,
  to: LonLat | null,
): MoveSession {
  const { id, name, name_en, name_zh, grade, status, classes } = customer;
  return {
    customer: { id, name, name_en, name_zh, grade, status, classes },
    from,
    baseVersion: customer.point_version,
    given: to && { ...to, datum: "WGS84" },
    reason: "",
    source: "map_click",
    sourceChosen: false,
    accuracy: "",
    phase: PLACING,
  };
}

/** Where the symbol stands now: what was given, else where it was. */
export function shownAt({ given, from }: MoveSession): LonLat | null {
  return given ? toWgs84(given, given.datum) : from;
}

export function placed(session: MoveSession, given: Given, source: PointSource, accuracy?: number): MoveSession {
  return {
    ...session,
    given,
    source: session.sourceChosen ? session.source : source,
    accuracy: accuracy === undefined ? session.accuracy : String(Math.max(1, Math.round(accuracy))),
    phase: session.phase.name === "saving" ? session.phase : PLACING,
  };
}

export function isMoved(session: MoveSession): boolean {
  const at = session.given && shownAt(session);
  return at !== null && (session.from === null || distanceBetween_m(session.from, at) > 0.005);
}

/** Something would be lost by leaving. */
export function isDirty(session: MoveSession): boolean {
  return isMoved(session) || session.reason.trim() !== "" || session.accuracy.trim() !== "";
}

export function distance_m(session: MoveSession): number | null {
  const at = shownAt(session);
  return session.from && at ? distanceBetween_m(session.from, at) : null;
}

export function accuracyOf({ accuracy }: MoveSession): number | null | "wrong" {
  const metres = numberTyped(accuracy);
  if (metres === null) return null;
  return metres > 0 && metres <= 100_000 ? metres : "wrong";
}

export function commandOf(session: MoveSession, device: string, confirmed: boolean): MoveCommand | null {
  const accuracy_m = accuracyOf(session);
  if (!session.given || accuracy_m === "wrong") return null;
  return {
    ...session.given,
    source: session.source,
    accuracy_m,
    base_version: session.baseVersion,
    reason: session.reason.trim(),
    device,
    confirm_distance: confirmed,
  };
}

/**
 * Ask before sending when the map already shows that it is far. A typed position goes to the server unasked first:
 * it may notice that longitude and latitude were swapped, and it asks about the distance itself.
 */
export function asksFirst(session: MoveSession, guard_m: number): number | null {
  const moved_m = distance_m(session);
  return session.source !== "typed" && moved_m !== null && moved_m > guard_m ? moved_m : null;
}

/** "Use mine": the same position over the other person's version. */
export function overTheirs(session: MoveSession, theirs: Theirs): MoveSession {
  const from = theirs.lon === null || theirs.lat === null ? null : { lon: theirs.lon, lat: theirs.lat };
  return { ...session, from, baseVersion: theirs.version, phase: PLACING };
}

/** One key per command: the same body sent again keeps it, so that a retry cannot move twice. */
export function keyKeeper(newKey: () => string): (command: MoveCommand) => string {
  let sent = "";
  let key = "";
  return (command) => {
    const body = JSON.stringify(command);
    if (body !== sent) {
      sent = body;
      key = newKey();
    }
    return key;
  };
}
