import { describe, expect, it } from "vitest";
import { numberTyped } from "./numbers";

describe("numbers as people type them", () => {
  it.each([
    ["", null],
    ["  ", null],
    ["400", 400],
    ["1,250", 1250],
    ["1,600.5", 1600.5],
    ["12,345,678", 12345678],
    ["1 250", 1250],
    ["1\u202f250,5", 1250.5],
    ["1250.5", 1250.5],
    ["12,5", 12.5],
    ["1’250", 1250],
    ["0", 0],
  ])("%s", (text, value) => expect(numberTyped(text)).toBe(value));

  it.each(["much", "-1", "1,2,3", "1.2.3", "1,2500,000", "1e9", "0x10", "∞"])("%s is no number", (text) =>
    expect(numberTyped(text)).toBeNaN(),
  );
});
