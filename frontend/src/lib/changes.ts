/** "Something of this stream changed": lists, counts and drawn shapes ask the server again, at most once a second. */
import { useEffect, useRef } from "react";

type Listener = () => void;

const listeners = new Map<string, Set<Listener>>();

/** Said by the live connection after every batch of events and after a reset. */
export function noteChange(stream: string): void {
  for (const listener of [...(listeners.get(stream) ?? [])]) listener();
}

export function onChange(stream: string, listener: Listener): () => void {
  const known = listeners.get(stream) ?? new Set();
  listeners.set(stream, known.add(listener));
  return () => known.delete(listener);
}

/** Run at once for the first change, then at most once per `every_ms`, and once more after the last one. */
export function coalesced(run: () => void, every_ms = 1_000): { call: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const fire = () => {
    again = false;
    run();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) fire();
    }, every_ms);
  };
  return {
    call() {
      if (timer === undefined) fire();
      else again = true;
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  };
}

/** Call `run` when the stream brought changes, coalesced; the newest `run` is used. */
export function useChanges(stream: string, run: () => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const { call, stop } = coalesced(() => latest.current());
    const leave = onChange(stream, call);
    return () => {
      leave();
      stop();
    };
  }, [stream]);
}
