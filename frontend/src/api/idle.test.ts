import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lastTouched } from "@/lib/activity";
import { IdleClock, idleWarning } from "./idle";

const MINUTE = 60_000;

/** A server whose session ends an hour after the last sign of life. */
class Server {
  endsAt = Date.now() + 60 * MINUTE;
  /** However much it is used. */
  mostAt = Number.POSITIVE_INFINITY;
  asked: boolean[] = [];
  isDown = false;
  ended: boolean[] = [];
  readonly clock = new IdleClock({
    ask: async ({ idle }) => {
      if (this.isDown) throw new Error("no answer");
      this.asked.push(idle);
      if (Date.now() >= this.endsAt) return null;
      if (!idle) this.endsAt = Math.min(Date.now() + 60 * MINUTE, this.mostAt);
      return this.endsAt - Date.now();
    },
    onEnd: (isFinal) => this.ended.push(isFinal),
  });
}

describe("the end of a session that nobody uses", () => {
  let server: Server;

  beforeEach(() => {
    vi.useFakeTimers();
    lastTouched.set(Date.now());
    server = new Server();
    server.clock.start(60 * MINUTE);
  });
  afterEach(() => {
    server.clock.stop();
    vi.useRealTimers();
  });

  it("is warned of two minutes before, and comes", async () => {
    await vi.advanceTimersByTimeAsync(57 * MINUTE);
    expect(idleWarning.get()).toBeNull();

    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(idleWarning.get()).toEqual({ endsAt: server.endsAt, isFinal: false });
    expect(server.ended).toEqual([]);

    await vi.advanceTimersByTimeAsync(2 * MINUTE + 1_000);
    expect(server.ended).toEqual([false]);
    expect(idleWarning.get()).toBeNull();
    expect(server.asked).toEqual([true, true]);
  });

  it("moves on by a person's hands, told at most once a minute", async () => {
    await vi.advanceTimersByTimeAsync(30 * MINUTE);
    lastTouched.set(Date.now());
    await vi.advanceTimersByTimeAsync(1_000);
    lastTouched.set(Date.now());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.asked).toEqual([false]);

    await vi.advanceTimersByTimeAsync(57 * MINUTE);
    expect(idleWarning.get()).toBeNull();
  });

  it("is not moved by a nudged mouse while the warning is shown, but by its button", async () => {
    await vi.advanceTimersByTimeAsync(58 * MINUTE);
    lastTouched.set(Date.now());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(idleWarning.get()).not.toBeNull();

    await server.clock.stay();
    expect(idleWarning.get()).toBeNull();
    expect(server.endsAt - Date.now()).toBe(60 * MINUTE);
  });

  it("does not come when another window stayed", async () => {
    await vi.advanceTimersByTimeAsync(58 * MINUTE);
    server.endsAt = Date.now() + 60 * MINUTE;

    await vi.advanceTimersByTimeAsync(3 * MINUTE);
    expect(server.ended).toEqual([]);
    expect(idleWarning.get()).toBeNull();
  });

  it("comes in its time when the server does not answer", async () => {
    server.isDown = true;
    await vi.advanceTimersByTimeAsync(59 * MINUTE);
    expect(server.ended).toEqual([]);
    expect(idleWarning.get()).not.toBeNull();

    await vi.advanceTimersByTimeAsync(MINUTE + 1_000);
    expect(server.ended).toEqual([false]);
  });

  it("says when staying does not help: a session lives so long and no longer", async () => {
    server.mostAt = server.endsAt;
    await vi.advanceTimersByTimeAsync(58 * MINUTE);
    await server.clock.stay();
    expect(idleWarning.get()).toEqual({ endsAt: server.mostAt, isFinal: true });

    server.clock.dismiss();
    await vi.advanceTimersByTimeAsync(2 * MINUTE + 1_000);
    expect(server.ended).toEqual([true]);
  });
});
