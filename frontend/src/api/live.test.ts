import { beforeEach, describe, expect, it } from "vitest";
import type { EventFrame } from "./apply-events";
import { LiveConnection, type LiveSocket } from "./live";

const EPOCH = "7d0b7a52-0000-4000-8000-000000000001";

function event(q: number, p = q - 1, id = q): EventFrame {
  const body = {
    type: "Feature" as const,
    id,
    geometry: { type: "Point" as const, coordinates: [24.94, 60.17] as [number, number] },
    properties: {},
  };
  return { type: "event", s: "customers", e: EPOCH, q, p, at: "2026-01-01T00:00:00Z", k: "upsert", id, b: body };
}

class FakeSocket implements LiveSocket {
  sent: { type: string; streams: { key: string; epoch: string | null; cursor: number | null }[] }[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  hears(frame: unknown) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

/** A clock that is turned by hand. */
function fakeWorld() {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const sockets: FakeSocket[] = [];
  return {
    sockets,
    get last() {
      return sockets.at(-1) as FakeSocket;
    },
    world: {
      open: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      now: () => now,
      random: () => 0.5,
      after: (run: () => void, delay_ms: number) => {
        const timer = { at: now + delay_ms, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    pass(seconds: number) {
      const end = now + seconds * 1_000;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers = timers.filter((timer) => timer !== due);
        now = due.at;
        due.run();
      }
      now = end;
    },
  };
}

describe("the live connection", () => {
  let clock: ReturnType<typeof fakeWorld>;
  let heard: number[];
  let resets: string[];
  let signedOut: number;
  let live: LiveConnection;

  beforeEach(() => {
    clock = fakeWorld();
    heard = [];
    resets = [];
    signedOut = 0;
    live = new LiveConnection(
      "ws://test/ws/map",
      {
        onEvents: (_stream, events) => heard.push(...events.map(({ q }) => q)),
        onReset: (stream) => resets.push(stream),
        onSignedOut: () => {
          signedOut += 1;
        },
      },
      clock.world,
    );
    live.subscribe(["customers"]);
    live.start();
  });

  function begin(seq = 10) {
    clock.last.onopen?.();
    clock.last.hears({ type: "reset", key: "customers", epoch: EPOCH, seq, snapshot_url: "/x" });
  }

  it("asks without a cursor at first and takes the reset's", () => {
    begin();
    clock.last.hears(event(11));

    expect(clock.last.sent[0]?.streams).toEqual([{ key: "customers", epoch: null, cursor: null }]);
    expect(resets).toEqual(["customers"]);
    expect(heard).toEqual([11]);
    expect(live.status.get()).toEqual({ state: "live" });
  });

  it("resumes from its cursor after the line broke, without a reset", () => {
    begin();
    clock.last.hears(event(11));
    clock.last.onclose?.({ code: 1006 });
    clock.pass(1);
    clock.last.onopen?.();
    clock.last.hears({ type: "resumed", key: "customers", epoch: EPOCH, seq: 13 });
    clock.last.hears({ type: "batch", events: [event(11), event(12), event(13)] });

    expect(clock.sockets).toHaveLength(2);
    expect(clock.last.sent[0]?.streams).toEqual([{ key: "customers", epoch: EPOCH, cursor: 11 }]);
    expect(heard).toEqual([11, 12, 13]);
    expect(resets).toHaveLength(1);
  });

  it("says hello again on a gap, once, and applies nothing beyond it", () => {
    begin();
    clock.last.hears(event(13, 12));
    clock.last.hears(event(14, 13));

    expect(heard).toEqual([]);
    expect(clock.last.sent).toHaveLength(2);
    expect(clock.last.sent[1]?.streams[0]?.cursor).toBe(10);
  });

  it("moves its cursor over what it may not see", () => {
    begin();
    clock.last.hears({ type: "skip", s: "customers", e: EPOCH, q: 15, p: 10 });
    clock.last.hears(event(16, 15));

    expect(heard).toEqual([16]);
  });

  it("takes silence for a delay, then for a dead line", () => {
    begin();
    clock.pass(27);
    expect(live.status.get().state).toBe("delayed");
    const before = clock.sockets.length;
    clock.pass(20);

    expect(clock.sockets[before - 1]?.closed).toBe(true);
    expect(clock.sockets.length).toBe(before + 1);
  });

  it("says how old the news is when the server cannot read its log", () => {
    begin();
    clock.last.hears({ type: "heartbeat", at: "2026-01-01T00:00:12Z", checked_at: "2026-01-01T00:00:00Z" });

    expect(live.status.get()).toEqual({ state: "delayed", seconds: 12 });
  });

  it("is offline after a while without a server, and comes back at a nudge", () => {
    begin();
    clock.last.onclose?.({ code: 1006 });
    clock.pass(1);
    clock.last.onclose?.({ code: 1006 });
    clock.pass(40);
    expect(live.status.get().state).toBe("offline");
    live.nudge();
    begin(20);

    expect(live.status.get()).toEqual({ state: "live" });
  });

  it("ends the session when the server says so", () => {
    begin();
    clock.last.onclose?.({ code: 4401 });
    clock.pass(60);

    expect(signedOut).toBe(1);
    expect(clock.sockets).toHaveLength(1);
  });

  it("forgets its cursors when the rights changed", () => {
    begin();
    clock.last.onclose?.({ code: 4403 });
    clock.pass(1);
    clock.last.onopen?.();

    expect(resets).toEqual(["customers", "customers"]);
    expect(clock.last.sent[0]?.streams[0]?.cursor).toBeNull();
  });
});
