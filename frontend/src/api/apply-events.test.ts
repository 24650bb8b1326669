import { describe, expect, it } from "vitest";
import { applyEvents, type EventFrame, latestById, type SkipFrame } from "./apply-events";

const EPOCH = "a";
const start = { epoch: EPOCH, seq: 10 };

function event(q: number, id = 1, p = q - 1): EventFrame {
  return { type: "event", s: "customers", e: EPOCH, q, p, at: "", k: "upsert", id, b: null };
}
function skip(q: number, p: number): SkipFrame {
  return { type: "skip", s: "customers", e: EPOCH, q, p };
}

describe("applyEvents", () => {
  it("applies a chain in order and moves the cursor", () => {
    const applied = applyEvents(start, [event(11), event(12), event(13)]);

    expect(applied.events.map(({ q }) => q)).toEqual([11, 12, 13]);
    expect(applied.cursor).toEqual({ epoch: EPOCH, seq: 13 });
    expect(applied.gap).toBe(false);
  });

  it("drops what it already has", () => {
    const applied = applyEvents(start, [event(9), event(10), event(11), event(11)]);

    expect(applied.events.map(({ q }) => q)).toEqual([11]);
  });

  it("stops at a gap and keeps what came before it", () => {
    const applied = applyEvents(start, [event(11), event(13, 1, 12)]);

    expect(applied.events.map(({ q }) => q)).toEqual([11]);
    expect(applied.cursor.seq).toBe(11);
    expect(applied.gap).toBe(true);
  });

  it("follows a run of skipped events", () => {
    const applied = applyEvents(start, [skip(40, 10), event(41, 7, 40)]);

    expect(applied.events.map(({ id }) => id)).toEqual([7]);
    expect(applied.gap).toBe(false);
  });

  it("treats another epoch as a gap", () => {
    const applied = applyEvents(start, [{ ...event(11), e: "b" }]);

    expect(applied).toEqual({ cursor: start, events: [], gap: true });
  });

  it("gives the same result however the frames are cut", () => {
    const frames = [event(11, 1), skip(14, 11), event(15, 2, 14), event(16, 1), event(16, 1), event(17, 3)];
    const whole = applyEvents(start, frames);
    for (let cut = 0; cut <= frames.length; cut++) {
      const first = applyEvents(start, frames.slice(0, cut));
      const second = applyEvents(first.cursor, frames.slice(cut));

      expect([...first.events, ...second.events]).toEqual(whole.events);
      expect(second.cursor).toEqual(whole.cursor);
    }
  });

  it("keeps the last word on every feature", () => {
    const latest = latestById([event(11, 1), event(12, 2), event(13, 1)]);

    expect([...latest.values()].map(({ q }) => q)).toEqual([13, 12]);
  });
});
