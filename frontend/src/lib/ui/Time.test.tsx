// @vitest-environment happy-dom
import i18next from "i18next";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import en from "../../locales/en/common.json";
import { Age } from "./Time";

beforeEach(async () => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  vi.useFakeTimers({ now: new Date("2026-11-24T07:10:00Z") });
  await i18next.init({ lng: "en", resources: { en: { common: en } } });
});
afterEach(() => vi.useRealTimers());

describe("an age on the screen", () => {
  it("ages while it is looked at", () => {
    const element = document.createElement("div");
    const root = createRoot(element);
    act(() => root.render(<Age at="2026-11-24T07:09:30Z" zone="Europe/Helsinki" />));
    expect(element.textContent).toBe("just now");

    act(() => vi.advanceTimersByTime(120_000));

    expect(element.textContent).toBe("2 minutes ago");
    act(() => root.unmount());
  });
});
