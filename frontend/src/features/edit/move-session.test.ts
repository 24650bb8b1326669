import { describe, expect, it } from "vitest";
import {
  accuracyOf,
  asksFirst,
  beginMove,
  commandOf,
  isDirty,
  isMoved,
  keyKeeper,
  overTheirs,
  placed,
  shownAt,
} from "./move-session";

const MUSEUM = { lon: 24.9316, lat: 60.1751 };
const museum = {
  id: 7,
  name: "Kansallismuseo",
  name_en: null,
  name_zh: null,
  grade: "first" as const,
  status: "normal" as const,
  classes: [],
  point_version: 3,
};

const nearby = { lon: 24.9319, lat: 60.1752, datum: "WGS84" as const };
const far = { lon: 24.9472, lat: 60.1716, datum: "WGS84" as const };

describe("a move before it is saved", () => {
  it("stands where the customer stands, and there is nothing to save", () => {
    const session = beginMove(museum, MUSEUM, null);

    expect(shownAt(session)).toEqual(MUSEUM);
    expect(isMoved(session)).toBe(false);
    expect(isDirty(session)).toBe(false);
    expect(commandOf(session, "desk", false)).toBeNull();
  });

  it("is one request with the version that the person saw", () => {
    const session = { ...placed(beginMove(museum, MUSEUM, null), nearby, "map_click"), reason: " wrong gate " };

    expect(commandOf(session, "desk", false)).toEqual({
      ...nearby,
      source: "map_click",
      accuracy_m: null,
      base_version: 3,
      reason: "wrong gate",
      device: "desk",
      confirm_distance: false,
    });
  });

  it("sends a typed position in its own datum, and shows it where it belongs", () => {
    const typed = { lon: 116.397_47, lat: 39.908_823, datum: "GCJ02" as const };
    const session = placed(beginMove(museum, MUSEUM, null), typed, "typed");

    expect(commandOf(session, "", false)).toMatchObject(typed);
    expect(shownAt(session)?.lon).toBeCloseTo(116.391_229, 6);
  });

  it("keeps the source that the person chose", () => {
    const chosen = { ...beginMove(museum, MUSEUM, null), source: "survey" as const, sourceChosen: true };

    expect(placed(chosen, nearby, "map_click").source).toBe("survey");
    expect(placed(beginMove(museum, MUSEUM, null), nearby, "device", 4.2)).toMatchObject({
      source: "device",
      accuracy: "4",
    });
  });

  it("refuses an accuracy that is none", () => {
    const session = beginMove(museum, MUSEUM, null);

    expect(accuracyOf({ ...session, accuracy: "2,5" })).toBe(2.5);
    expect(accuracyOf({ ...session, accuracy: "-1" })).toBe("wrong");
    expect(accuracyOf({ ...session, accuracy: "good" })).toBe("wrong");
  });
});

describe("beyond the guard distance", () => {
  it("a drag is asked about before it is sent", () => {
    const session = placed(beginMove(museum, MUSEUM, null), far, "map_click");

    expect(asksFirst(session, 200)).toBeCloseTo(949.7, 0);
    expect(asksFirst(session, 2_000)).toBeNull();
  });

  it("a typed position goes to the server first, which also notices swapped numbers", () => {
    expect(asksFirst(placed(beginMove(museum, MUSEUM, null), far, "typed"), 200)).toBeNull();
  });

  it("placing a customer without a location is never far", () => {
    expect(asksFirst(placed(beginMove(museum, null, null), far, "map_click"), 200)).toBeNull();
  });
});

describe("two people at once", () => {
  it("mine is sent again over the version of the other, with everything that was typed", () => {
    const session = { ...placed(beginMove(museum, MUSEUM, null), nearby, "map_click"), reason: "gate" };
    const theirs = { version: 4, lon: 24.94, lat: 60.17 } as Parameters<typeof overTheirs>[1];

    const again = overTheirs(session, theirs);

    expect(commandOf(again, "", false)).toMatchObject({ ...nearby, base_version: 4, reason: "gate" });
    expect(again.from).toEqual({ lon: 24.94, lat: 60.17 });
  });
});

describe("the key of a command", () => {
  it("stays for a retry and changes with the command", () => {
    let made = 0;
    const keyFor = keyKeeper(() => `key-${++made}`);
    const session = placed(beginMove(museum, MUSEUM, null), nearby, "map_click");
    const command = commandOf(session, "", false);
    const confirmed = commandOf(session, "", true);
    if (!command || !confirmed) throw new Error("There is a command.");

    expect(keyFor(command)).toBe("key-1");
    expect(keyFor({ ...command })).toBe("key-1");
    expect(keyFor(confirmed)).toBe("key-2");
  });
});
