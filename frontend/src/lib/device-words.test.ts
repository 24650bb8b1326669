import { describe, expect, it } from "vitest";
import { deviceWords, isHandheld } from "./device-words";

const WINDOWS_EDGE =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
const IPAD_SAFARI =
  "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

describe("a device in words", () => {
  it("names the browser itself, not those it claims to be like", () => {
    expect(deviceWords(WINDOWS_EDGE)).toBe("Edge · Windows");
    expect(deviceWords(IPAD_SAFARI)).toBe("Safari · iPad");
    expect(deviceWords("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe(
      "Firefox · Linux",
    );
  });

  it("says nothing of what it does not know", () => {
    expect(deviceWords("something")).toBeNull();
    expect(deviceWords("")).toBeNull();
  });

  it("tells a tablet from a desk", () => {
    expect(isHandheld(IPAD_SAFARI)).toBe(true);
    expect(isHandheld(WINDOWS_EDGE)).toBe(false);
  });
});
