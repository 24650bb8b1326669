import { describe, expect, it } from "vitest";
import { formatLayerSettings, parseLayerSettings } from "./map-layers";

describe("layers in the address", () => {
  it("are all shown when the address says nothing", () => {
    expect(parseLayerSettings(undefined)).toBeNull();
  });

  it("can all be hidden", () => {
    expect(parseLayerSettings(formatLayerSettings([]))).toEqual([]);
  });

  it("carry their opacity when it is not full", () => {
    const text = formatLayerSettings([
      { id: "customers", opacity: 1 },
      { id: "network", opacity: 0.35 },
    ]);

    expect(text).toBe("customers,network:0.35");
    expect(parseLayerSettings(text)).toEqual([
      { id: "customers", opacity: 1 },
      { id: "network", opacity: 0.35 },
    ]);
  });

  it("survive nonsense", () => {
    expect(parseLayerSettings("customers:x,network:7,:")).toEqual([
      { id: "customers", opacity: 1 },
      { id: "network", opacity: 1 },
    ]);
  });
});
