import { describe, expect, it } from "vitest";
import type { Move } from "@/api/types";
import { lastOwnMove, movedSince, stepsOf } from "./journal";

const A = { lon: 24.93, lat: 60.17 };
const B = { lon: 24.94, lat: 60.17 };
const C = { lon: 24.95, lat: 60.17 };

function row(version: number, change: Partial<Move>): Move {
  return {
    id: version * 10,
    kind: "move",
    at: "2026-03-02T08:00:00Z",
    actor: "pekka",
    actor_name: "Pekka",
    from: A,
    to: B,
    distance_m: 550,
    reason: "",
    datum: "WGS84",
    source: "map_click",
    device: "",
    base_version: version - 1,
    version,
    undoes: null,
    undone_by: null,
    can_undo: true,
    ...change,
  };
}

describe("the replay", () => {
  it("goes from the first place to the last, without deleting and restoring", () => {
    const journal = [
      row(4, { kind: "restore", from: null, to: B }),
      row(3, { kind: "remove", from: B, to: null }),
      row(2, { from: A, to: B }),
      row(1, { kind: "place", from: null, to: A, distance_m: null }),
    ];

    expect(stepsOf(journal).map(({ at }) => at)).toEqual([A, B]);
  });
});

describe("the key u", () => {
  it("takes back my newest move, then the one before", () => {
    const first = row(2, { from: A, to: B });
    const second = row(3, { from: B, to: C });

    expect(lastOwnMove([second, first], "pekka")?.id).toBe(30);

    const undo = row(4, { kind: "undo", from: C, to: B, undoes: 30 });
    expect(lastOwnMove([undo, { ...second, undone_by: 40 }, first], "pekka")?.id).toBe(20);
  });

  it("leaves other people's moves alone, and says when one came after mine", () => {
    const mine = row(2, {});
    const theirs = row(3, { actor: "paula" });

    expect(lastOwnMove([theirs], "pekka")).toBeNull();
    expect(movedSince([theirs, mine], mine, "pekka")).toBe(theirs);
    expect(movedSince([mine], mine, "pekka")).toBeNull();
  });

  it("a first placing has nothing before it", () => {
    expect(lastOwnMove([row(1, { kind: "place", from: null, can_undo: false })], "pekka")).toBeNull();
  });
});
