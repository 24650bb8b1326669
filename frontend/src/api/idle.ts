/**
 * The end of a session that nobody uses. The server keeps the time; this clock asks it, warns, and says when it is over.
 * Another window of the same browser may keep the session alive: the server's answer counts, not this page's memory.
 */
import { lastTouched } from "@/lib/activity";
import { createStore } from "@/lib/store";

export const WARN_MS = 120_000;
/** A person at work tells the server at most this often, beside what they ask for anyway. */
const TELL_MS = 60_000;
/** Both clocks are told to the second, and an answer travels: an end this near has come. */
const NEAR_MS = 5_000;
/** Browsers cut longer timers to nothing. */
const TIMER_MOST_MS = 86_400_000;

export interface IdleWarning {
  /** On this device's clock, in milliseconds. */
  endsAt: number;
  /** Nothing the person does moves the end: the session is as old as one may get. */
  isFinal: boolean;
}

/** While the warning is shown; else null. */
export const idleWarning = createStore<IdleWarning | null>(null);

export interface IdleClockWorld {
  /** Ask the server when the session ends: milliseconds from now; null: it has ended. Throws when nobody answers. */
  ask: (how: { idle: boolean }) => Promise<number | null>;
  /** `isFinal`: not for want of use, but because the session was as old as one may get. */
  onEnd: (isFinal: boolean) => void;
}

export class IdleClock {
  private readonly world: IdleClockWorld;
  private endsAt: number | null = null;
  private toldAt = 0;
  private isFinal = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopListening: (() => void) | null = null;

  constructor(world: IdleClockWorld) {
    this.world = world;
  }

  /** The session now ends in so many milliseconds. */
  start(remaining_ms: number): void {
    this.toldAt = Date.now();
    this.isFinal = false;
    this.set(remaining_ms);
    this.stopListening ??= lastTouched.subscribe(() => this.touched());
  }

  stop(): void {
    clearTimeout(this.timer);
    this.stopListening?.();
    this.stopListening = null;
    this.endsAt = null;
    idleWarning.set(null);
  }

  /** As far as this page knows, the time is over. */
  isOver(): boolean {
    return this.endsAt !== null && Date.now() >= this.endsAt - NEAR_MS;
  }

  /** The time is over: stop, and say so. */
  end(): void {
    this.stop();
    this.world.onEnd(this.isFinal);
  }

  /** A person is here and says so. */
  async stay(): Promise<void> {
    this.toldAt = Date.now();
    await this.look({ idle: false });
  }

  /** The person knows that the end is near. */
  dismiss(): void {
    idleWarning.set(null);
  }

  private touched(): void {
    // The warning wants its own answer: a nudged mouse is not one.
    if (this.isFinal || idleWarning.get() || Date.now() - this.toldAt < TELL_MS) return;
    void this.stay();
  }

  private set(remaining_ms: number): void {
    clearTimeout(this.timer);
    this.endsAt = Date.now() + remaining_ms;
    const warn = remaining_ms <= WARN_MS;
    idleWarning.set(warn ? { endsAt: this.endsAt, isFinal: this.isFinal } : null);
    // A second more: the server's clock is told to the second.
    const wait_ms = warn ? Math.max(1_000, remaining_ms + 1_000) : remaining_ms - WARN_MS;
    this.timer = setTimeout(() => void this.look({ idle: true }), Math.min(wait_ms, TIMER_MOST_MS));
  }

  private async look(how: { idle: boolean }): Promise<void> {
    let remaining_ms: number | null;
    try {
      remaining_ms = await this.world.ask(how);
    } catch {
      // Nobody answers: what was known counts, so an unreachable server ends nothing early and nothing late.
      remaining_ms = this.endsAt === null ? null : this.endsAt - Date.now();
      if (remaining_ms !== null && remaining_ms <= 0) remaining_ms = null;
    }
    if (this.stopListening === null) return;
    if (remaining_ms === null) {
      this.end();
      return;
    }
    // A person was here, and the end is as near as before.
    this.isFinal ||= !how.idle && remaining_ms <= WARN_MS;
    this.set(remaining_ms);
  }
}
