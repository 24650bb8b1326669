import i18next from "i18next";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import en from "../locales/en/common.json";
import zh from "../locales/zh/common.json";
import { formatAge, formatBytes, formatDate, formatMoment, formatTime, formatWhen } from "./format";

const AT = "2026-11-24T07:10:00Z";
const HELSINKI = "Europe/Helsinki";

beforeAll(async () => {
  await i18next.init({ lng: "en", resources: { en: { common: en }, zh: { common: zh } } });
});
afterEach(() => i18next.changeLanguage("en"));

describe("times", () => {
  it("are of one family: a day reads the same with and without its hour", () => {
    expect(formatDate("2026-11-24")).toBe("24 Nov 2026");
    expect(formatTime(AT, HELSINKI)).toBe("24 Nov 2026, 09:10");
  });

  it("name the utility's zone where they stand alone", () => {
    expect(formatMoment(AT, HELSINKI)).toBe("24 Nov 2026, 09:10 (Eastern European Time)");
  });

  it("are Chinese in Chinese", async () => {
    await i18next.changeLanguage("zh");

    expect(formatMoment(AT, "Asia/Shanghai")).toBe("2026年11月24日 15:10（中国标准时间）");
  });

  it("have no seconds in their age, and nothing is newer than now", async () => {
    const now = new Date(AT);

    expect(formatAge("2026-11-24T07:09:20Z", now)).toBe("just now");
    expect(formatAge("2026-11-24T07:10:30Z", now)).toBe("just now");
    expect(formatAge("2026-11-24T07:07:00Z", now)).toBe("3 minutes ago");
    await i18next.changeLanguage("zh");
    expect(formatAge("2026-11-24T07:09:20Z", now)).toBe("刚刚");
  });

  it("that are still to come are told as such", () => {
    expect(formatWhen("2026-11-24T10:20:00Z", new Date(AT))).toBe("in 3 hours");
    expect(formatWhen("2026-11-24T04:00:00Z", new Date(AT))).toBe("3 hours ago");
  });
});

describe("sizes", () => {
  it("have the unit that leaves few digits", () => {
    expect([0, 999, 1_000, 1_423_000_000, 212_000_000_000].map(formatBytes)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "1.4 GB",
      "212 GB",
    ]);
  });
});
