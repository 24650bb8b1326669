import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { coalesced } from "./changes";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("a burst asks at once, once a second while it lasts, and once after its end", () => {
  const run = vi.fn();
  const { call } = coalesced(run);

  for (let tick = 0; tick < 35; tick++) {
    call();
    vi.advanceTimersByTime(100);
  }
  expect(run).toHaveBeenCalledTimes(4);

  vi.advanceTimersByTime(5_000);
  expect(run).toHaveBeenCalledTimes(5);
});

it("nothing is asked after it was stopped", () => {
  const run = vi.fn();
  const { call, stop } = coalesced(run);
  call();
  call();

  stop();
  vi.advanceTimersByTime(5_000);

  expect(run).toHaveBeenCalledTimes(1);
});
