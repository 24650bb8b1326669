/**
 * Live events onto what the browser knows, purely: (state, frames) -> (state, what to do).
 * The rule of the contract: apply only `p == cursor`, drop `q <= cursor`, ask again (hello) on a gap.
 */
import type { Feature } from "./types";

export interface EventFrame {
  type: "event";
  s: string;
  e: string;
  q: number;
  p: number;
  at: string;
  k: "upsert" | "delete";
  id: number;
  b: Feature | null;
}

/** An event this person's filter or rights hide: it only moves the cursor. */
export interface SkipFrame {
  type: "skip";
  s: string;
  e: string;
  q: number;
  p: number;
}

export type LiveEvent = EventFrame;

export interface StreamCursor {
  epoch: string;
  seq: number;
}

export interface Applied {
  cursor: StreamCursor;
  /** In order, each one exactly once. */
  events: readonly LiveEvent[];
  /** Something is missing between the cursor and what came: say hello again. */
  gap: boolean;
}

export function applyEvents(cursor: StreamCursor, frames: readonly (EventFrame | SkipFrame)[]): Applied {
  const events: LiveEvent[] = [];
  let seq = cursor.seq;
  for (const frame of frames) {
    if (frame.e !== cursor.epoch) return { cursor: { ...cursor, seq }, events, gap: true };
    if (frame.q <= seq) continue;
    if (frame.p !== seq) return { cursor: { ...cursor, seq }, events, gap: true };
    seq = frame.q;
    if (frame.type === "event") events.push(frame);
  }
  return { cursor: { ...cursor, seq }, events, gap: false };
}

/** The last word on every feature of the batch: what a frame of the screen has to draw. */
export function latestById(events: readonly LiveEvent[]): ReadonlyMap<number, LiveEvent> {
  return new Map(events.map((event) => [event.id, event]));
}
