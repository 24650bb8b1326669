import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import en from "../locales/en/places.json";
import zh from "../locales/zh/places.json";
import { placeLine, placeWord } from "./place-words";

beforeAll(async () => {
  await i18next.init({ lng: "zh", resources: { en: { places: en }, zh: { places: zh } } });
});

describe("the category of a place", () => {
  it("is a word of the person's language, and just a place when it has none", () => {
    expect(placeWord("restaurant")).toBe("餐馆");
    expect(placeWord("nightclub;restaurant")).toBe("夜总会");
    for (const unknown of ["Digital_Growth_Consultancy", "quango", "", undefined, "a.b:c"]) {
      expect(placeWord(unknown)).toBe("地点");
    }
  });

  it("stands before the address", () => {
    expect(placeLine({ category: "cafe", subtitle: "Kaivokatu 1" })).toBe("咖啡馆 · Kaivokatu 1");
    expect(placeLine({ category: "address", subtitle: "" })).toBe("地址");
  });
});
