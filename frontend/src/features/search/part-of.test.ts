import { describe, expect, it } from "vitest";
import { partOf } from "./part-of";

function marked(line: string, text: string): string | null {
  const part = partOf(line, text);
  return part && line.slice(...part);
}

describe("the part of a line that was searched", () => {
  it("is found without accents and capitals, blanks included", () => {
    expect(marked("Hôtel Kämp", "hotel k")).toBe("Hôtel K");
    expect(marked("国家博物馆", " 博物 ")).toBe("博物");
  });

  it("of a number is its end, whatever stands between the digits", () => {
    expect(marked("7000000042 · Street 42", "00 42")).toBe("0042");
    expect(marked("…4050 9552", "09552")).toBe("0 9552");
  });

  it("does not go on from one number into the next", () => {
    expect(marked("70000042 · 8 Street", "428")).toBeNull();
  });

  it("is nothing where the line was found by something else", () => {
    expect(marked("国家博物馆", "gjbwg")).toBeNull();
    expect(marked("Museum", "  ")).toBeNull();
  });
});
