/**
 * The live connection: one socket, many streams, resumed by cursor. Protocol: docs/api.md, Live.
 * What it promises: every event of a stream exactly once and in order, or a reset.
 */
import { createStore, type Store } from "@/lib/store";
import { applyEvents, type EventFrame, type LiveEvent, type SkipFrame, type StreamCursor } from "./apply-events";

export type LiveStatus =
  | { state: "live" }
  /** News may be missing since then; `seconds` old. */
  | { state: "delayed"; seconds: number }
  | { state: "offline"; seconds: number };

export interface LiveHandlers {
  onEvents: (stream: string, events: readonly LiveEvent[]) => void;
  /** What is held of the stream may be stale: fetch it again. */
  onReset: (stream: string) => void;
  onSignedOut: () => void;
}

/** The world outside, handed in so that tests can turn the clock. */
export interface LiveWorld {
  open: (url: string) => LiveSocket;
  now: () => number;
  random: () => number;
  after: (run: () => void, delay_ms: number) => () => void;
}

export interface LiveSocket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

let early: WebSocket | null = null;

/** Open the first socket while the map is still being loaded: its reset then comes before the first tiles. */
export function openLiveEarly(): void {
  early ??= new WebSocket(liveUrl());
}

function openSocket(url: string): WebSocket {
  const socket = early;
  early = null;
  if (socket?.readyState === WebSocket.OPEN) queueMicrotask(() => socket.onopen?.(new Event("open")));
  return socket && socket.readyState <= WebSocket.OPEN ? socket : new WebSocket(url);
}

const BROWSER: LiveWorld = {
  open: (url) => openSocket(url) as unknown as LiveSocket,
  now: () => Date.now(),
  random: Math.random,
  after: (run, delay_ms) => {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
};

/** The server beats every 20 s; this much silence and the line is taken for dead. */
const SILENCE_DELAYED_MS = 25_000;
const SILENCE_DEAD_MS = 45_000;
const LAG_MS = 3_000;
const OFFLINE_AFTER_MS = 15_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 30_000;
const TICK_MS = 1_000;

type ServerFrame =
  | EventFrame
  | SkipFrame
  | { type: "batch"; events: (EventFrame | SkipFrame)[] }
  | { type: "resumed"; key: string; epoch: string; seq: number }
  | { type: "reset"; key: string; epoch: string; seq: number; snapshot_url: string }
  | { type: "heartbeat"; at: string; checked_at?: string }
  | { type: "pong"; at: string }
  | { type: "error"; code: string; key?: string; detail?: string };

export class LiveConnection {
  readonly status: Store<LiveStatus> = createStore<LiveStatus>({ state: "delayed", seconds: 0 });
  private readonly url: string;
  private readonly handlers: LiveHandlers;
  private readonly world: LiveWorld;
  private readonly streams = new Set<string>();
  private readonly cursors = new Map<string, StreamCursor>();
  /** Streams that said hello and did not hear yet: their frames may have a gap that is being mended. */
  private readonly asking = new Set<string>();
  private socket: LiveSocket | null = null;
  private open = false;
  private stopped = true;
  private attempts = 0;
  private lastFrameAt: number;
  private lastGoodAt: number;
  /** When the server last read its log, on the server's clock relative to its own `at`. */
  private lag_ms = 0;
  private cancelReconnect: (() => void) | null = null;
  private cancelTick: (() => void) | null = null;

  constructor(url: string, handlers: LiveHandlers, world: LiveWorld = BROWSER) {
    this.url = url;
    this.handlers = handlers;
    this.world = world;
    this.lastFrameAt = this.lastGoodAt = world.now();
  }

  /** Listen to these streams, beside those before. */
  subscribe(keys: readonly string[]): void {
    const added = keys.filter((key) => !this.streams.has(key));
    for (const key of added) this.streams.add(key);
    if (this.open && added.length) this.hello(added);
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.connect();
    this.tick();
  }

  stop(): void {
    this.stopped = true;
    this.cancelReconnect?.();
    this.cancelTick?.();
    this.drop();
  }

  /** The network is back, the page is looked at again: do not wait for the timer. */
  nudge(): void {
    if (this.stopped || this.open) return;
    this.attempts = 0;
    this.cancelReconnect?.();
    this.drop();
    this.connect();
  }

  private connect(): void {
    if (this.stopped || this.socket) return;
    const socket = this.world.open(this.url);
    this.socket = socket;
    this.lastFrameAt = this.world.now();
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.open = true;
      this.lastFrameAt = this.world.now();
      if (this.streams.size) this.hello([...this.streams]);
      this.show();
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(event.data);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.socket) this.closed(code);
    };
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.open = false;
    this.asking.clear();
    socket?.close();
  }

  private closed(code: number): void {
    this.socket = null;
    this.open = false;
    this.asking.clear();
    if (this.stopped) return;
    if (code === 4401) {
      this.stop();
      this.handlers.onSignedOut();
      return;
    }
    if (code === 4403) {
      this.cursors.clear();
      for (const key of this.streams) this.handlers.onReset(key);
    }
    this.reconnect();
    this.show();
  }

  /** Full jitter: a thousand browsers of a restarted server do not come back in the same moment. */
  private reconnect(): void {
    const most_ms = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** this.attempts);
    this.attempts += 1;
    this.cancelReconnect?.();
    this.cancelReconnect = this.world.after(() => this.connect(), this.world.random() * most_ms);
  }

  private hello(keys: readonly string[]): void {
    for (const key of keys) this.asking.add(key);
    const streams = keys.map((key) => {
      const cursor = this.cursors.get(key);
      return { key, epoch: cursor?.epoch ?? null, cursor: cursor?.seq ?? null };
    });
    this.socket?.send(JSON.stringify({ type: "hello", streams }));
  }

  private receive(data: unknown): void {
    this.lastFrameAt = this.world.now();
    const frame = JSON.parse(String(data)) as ServerFrame;
    switch (frame.type) {
      case "event":
      case "skip":
        this.take(frame.s, [frame]);
        break;
      case "batch":
        for (const [stream, frames] of byStream(frame.events)) this.take(stream, frames);
        break;
      case "resumed":
        this.asking.delete(frame.key);
        this.attempts = 0;
        break;
      case "reset":
        this.asking.delete(frame.key);
        this.attempts = 0;
        this.cursors.set(frame.key, { epoch: frame.epoch, seq: frame.seq });
        this.handlers.onReset(frame.key);
        break;
      case "heartbeat":
        this.lag_ms = frame.checked_at ? Date.parse(frame.at) - Date.parse(frame.checked_at) : 0;
        break;
      case "error":
        if (frame.key) this.asking.delete(frame.key);
        break;
      case "pong":
        break;
    }
    this.show();
  }

  private take(stream: string, frames: readonly (EventFrame | SkipFrame)[]): void {
    const cursor = this.cursors.get(stream);
    if (!cursor) return;
    const applied = applyEvents(cursor, frames);
    this.cursors.set(stream, applied.cursor);
    if (applied.events.length) this.handlers.onEvents(stream, applied.events);
    if (applied.gap && !this.asking.has(stream)) this.hello([stream]);
  }

  private tick(): void {
    if (this.stopped) return;
    if (this.open && this.world.now() - this.lastFrameAt > SILENCE_DEAD_MS) {
      this.drop();
      this.reconnect();
    }
    this.show();
    this.cancelTick = this.world.after(() => this.tick(), TICK_MS);
  }

  private show(): void {
    const now = this.world.now();
    const heard = this.open && this.asking.size === 0 && now - this.lastFrameAt < SILENCE_DELAYED_MS;
    if (heard && this.lag_ms <= LAG_MS) {
      this.lastGoodAt = now;
      this.set({ state: "live" });
      return;
    }
    const age_ms = heard ? this.lag_ms + now - this.lastFrameAt : now - this.lastGoodAt;
    const seconds = Math.round(age_ms / 1_000);
    this.set({ state: this.open || age_ms < OFFLINE_AFTER_MS ? "delayed" : "offline", seconds });
  }

  private set(next: LiveStatus): void {
    const before = this.status.get();
    const same =
      before.state === next.state &&
      ("seconds" in before ? before.seconds : 0) === ("seconds" in next ? next.seconds : 0);
    if (!same) this.status.set(next);
  }
}

function byStream(frames: readonly (EventFrame | SkipFrame)[]): Map<string, (EventFrame | SkipFrame)[]> {
  const streams = new Map<string, (EventFrame | SkipFrame)[]>();
  for (const frame of frames) {
    const list = streams.get(frame.s) ?? [];
    list.push(frame);
    streams.set(frame.s, list);
  }
  return streams;
}

export function liveUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/map`;
}

/** The status the chip shows; the map's connection writes it. */
export const liveStatus = createStore<LiveStatus>({ state: "delayed", seconds: 0 });
