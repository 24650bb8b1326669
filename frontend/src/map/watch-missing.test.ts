import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchMissing } from "./watch-missing";

const HALF_A_MINUTE = 30_000;

describe("tiles that could not be had", () => {
  let there: Set<string>;
  let asked: string[];
  let timesBack: number;
  let missing: ReturnType<typeof watchMissing>;

  beforeEach(() => {
    vi.useFakeTimers();
    there = new Set();
    asked = [];
    timesBack = 0;
    missing = watchMissing({
      isThere: async (address) => {
        asked.push(address);
        if (address === "lost network") throw new TypeError("Failed to fetch");
        return there.has(address);
      },
      onBack: () => {
        timesBack += 1;
      },
    });
  });
  afterEach(() => {
    missing.stop();
    vi.useRealTimers();
  });

  it("are left alone while there are none", async () => {
    await vi.advanceTimersByTimeAsync(10 * HALF_A_MINUTE);

    expect(asked).toEqual([]);
  });

  it("are asked for every half a minute, and drawn anew once one is there", async () => {
    missing.add("/imagery/a");
    await vi.advanceTimersByTimeAsync(2 * HALF_A_MINUTE);
    expect(timesBack).toBe(0);

    there.add("/imagery/a");
    await vi.advanceTimersByTimeAsync(HALF_A_MINUTE);
    expect([asked.length, timesBack]).toEqual([3, 1]);

    await vi.advanceTimersByTimeAsync(5 * HALF_A_MINUTE);
    expect([asked.length, timesBack]).toEqual([3, 1]);
  });

  it("take turns, so that one that stays missing hides none that is back", async () => {
    missing.add("lost network");
    missing.add("/imagery/b");
    there.add("/imagery/b");

    await vi.advanceTimersByTimeAsync(2 * HALF_A_MINUTE);

    expect(asked).toEqual(["lost network", "/imagery/b"]);
    expect(timesBack).toBe(1);
  });

  it("are forgotten with their layer", async () => {
    missing.add("/imagery/a");
    missing.stop();

    await vi.advanceTimersByTimeAsync(5 * HALF_A_MINUTE);

    expect(asked).toEqual([]);
  });
});
