// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import {
  formatHash,
  formatView,
  parseFilters,
  parseHash,
  parseSelection,
  parseView,
  rereadUrl,
  select,
  settlePath,
  urlState,
} from "./url-state";

describe("the address", () => {
  beforeEach(() => {
    history.replaceState(null, "", "/");
    rereadUrl();
  });

  it("reads a copied link and writes the same one", () => {
    const hash = "#map=14.00/60.17110/24.94140&layers=customers,network:0.50&sel=customers:42&grade=special,first";

    expect(formatHash(parseHash(hash))).toBe(hash);
  });

  it("keeps zoom, lat, lon in the order of the address and lon, lat inside", () => {
    expect(parseView("14.00/60.17110/24.94140")).toEqual({ zoom: 14, lat: 60.1711, lon: 24.9414 });
    expect(formatView({ lon: 24.9414, lat: 60.1711, zoom: 14 })).toBe("14.00/60.17110/24.94140");
  });

  it("refuses a view that is not on earth", () => {
    for (const text of ["14/91/0", "14/0/181", "30/0/0", "14/x/0", "14/60", "", undefined, "NaN/1/1"]) {
      expect(parseView(text)).toBeNull();
    }
  });

  it("reads a selection and nothing else", () => {
    expect(parseSelection("customers:42")).toEqual({ layer: "customers", id: 42 });
    expect(parseSelection("customers:-1")).toBeNull();
    expect(parseSelection("42")).toBeNull();
  });

  it("puts a selection and a filter on top of what is there", () => {
    urlState.set({ map: "14.00/60.17110/24.94140" });
    select({ layer: "customers", id: 7 });
    urlState.set({ grade: "special,first" });

    expect(location.hash).toBe("#map=14.00/60.17110/24.94140&sel=customers:7&grade=special,first");
    expect(parseFilters(urlState.get())).toEqual({ grade: ["special", "first"] });
  });

  it("does not fill the history while the map is panned", () => {
    const before = history.length;
    urlState.set({ map: "14.00/60.00000/24.00000" }, { replace: true });
    urlState.set({ map: "15.00/60.00000/24.00000" }, { replace: true });

    expect(history.length).toBe(before);
  });

  it("turns the permanent address of a customer into the map with its card", () => {
    history.replaceState(null, "", "/customers/42");
    settlePath();

    expect(location.pathname + location.hash).toBe("/#sel=customers:42");
    expect(urlState.get()).toEqual({ sel: "customers:42" });
  });

  it("drops what it shows when the address changes under it", () => {
    select({ layer: "customers", id: 7 });
    history.replaceState(null, "", "/#sel=customers:8");
    rereadUrl();

    expect(urlState.get().sel).toBe("customers:8");
  });
});
