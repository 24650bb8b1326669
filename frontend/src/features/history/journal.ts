/** The journal as a way on the map, and which of my moves the key u takes back. */
import type { Move } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";

export interface Step {
  move: Move;
  at: LonLat;
}

/** Places in the order of time: one for each row that put the point somewhere. Deleting and restoring move nothing. */
export function stepsOf(journal: readonly Move[]): Step[] {
  return [...journal]
    .reverse()
    .filter((move) => move.to !== null && move.kind !== "remove" && move.kind !== "restore")
    .map((move) => ({ move, at: move.to as LonLat }));
}

/**
 * What u takes back: my newest move or placing that is not taken back yet. Undoing is a move too, but pressing u again goes
 * further back instead of to and fro.
 */
export function lastOwnMove(journal: readonly Move[], username: string): Move | null {
  return (
    journal.find(
      (move) =>
        move.actor === username &&
        (move.kind === "move" || move.kind === "place") &&
        move.undone_by === null &&
        move.can_undo,
    ) ?? null
  );
}

/** Somebody moved it after that: undoing would take their change back too, so it is asked about. */
export function movedSince(journal: readonly Move[], move: Move, username: string): Move | null {
  return (
    journal.find((later) => later.version > move.version && later.actor !== username && later.kind !== "restore") ??
    null
  );
}
