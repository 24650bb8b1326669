/**
 * What is on the screen, written in the address: `#map=14.00/60.17110/24.94140&layers=customers,network&sel=customers:42`.
 *
 * Everything a person would want back after Back, a reload or a copied link lives here. `map` replaces the
 * current history entry (panning does not fill the history); the rest pushes one.
 */
import { createStore, useStore } from "./store";

/** The view, in the order of the address: zoom, lat, lon (as every web map writes it). Inside the code it is lon, lat. */
export interface MapView {
  lon: number;
  lat: number;
  zoom: number;
}

export interface Selection {
  layer: string;
  id: number;
}

export type UrlParams = Readonly<Record<string, string>>;

export const FILTER_KEYS = ["grade", "class", "status", "area"] as const;
export type FilterKey = (typeof FILTER_KEYS)[number];
export type Filters = Readonly<Partial<Record<FilterKey, readonly string[]>>>;

export function parseHash(hash: string): UrlParams {
  const params: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ""))) params[key] = value;
  return params;
}

export function formatHash(params: UrlParams): string {
  const parts = Object.entries(params)
    .filter(([, value]) => value !== "")
    .map(
      ([key, value]) =>
        `${key}=${encodeURIComponent(value).replace(/%2F/g, "/").replace(/%2C/g, ",").replace(/%3A/g, ":")}`,
    );
  return parts.length ? `#${parts.join("&")}` : "";
}

export function parseView(text: string | undefined): MapView | null {
  const match = /^(\d{1,2}(?:\.\d+)?)\/(-?\d{1,2}(?:\.\d+)?)\/(-?\d{1,3}(?:\.\d+)?)$/.exec(text ?? "");
  if (!match) return null;
  const [zoom, lat, lon] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (zoom > 24 || Math.abs(lat) > 90 || Math.abs(lon) > 180) return null;
  return { lon, lat, zoom };
}

export function formatView({ lon, lat, zoom }: MapView): string {
  return `${zoom.toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`;
}

export function parseSelection(text: string | undefined): Selection | null {
  const match = /^([\w-]+):(\d+)$/.exec(text ?? "");
  return match?.[1] && match[2] ? { layer: match[1], id: Number(match[2]) } : null;
}

export function parseFilters(params: UrlParams): Filters {
  const filters: Partial<Record<FilterKey, string[]>> = {};
  for (const key of FILTER_KEYS) {
    const values = params[key]?.split(",").filter(Boolean) ?? [];
    if (values.length) filters[key] = values;
  }
  return filters;
}

const store = createStore<UrlParams>(parseHash(globalThis.location?.hash ?? ""));

/** Read the address again: after Back, a typed address, or a navigation by the router. */
export function rereadUrl(): void {
  const next = parseHash(location.hash);
  if (formatHash(next) !== formatHash(store.get())) store.set(next);
}

/**
 * `/customers/42` is the permanent address of a customer: the map with its card. There is one page, so any other path
 * is the map too; what is on the screen stands behind the #.
 */
export function settlePath(): void {
  const before = takeKeptHash();
  if (before && !location.hash) history.replaceState(history.state, "", location.pathname + location.search + before);
  const customer = /^\/customers\/(\d+)\/?$/.exec(location.pathname)?.[1];
  if (customer) history.replaceState(history.state, "", `/#sel=customers:${customer}`);
  else if (location.pathname !== "/") history.replaceState(history.state, "", `/${location.search}${location.hash}`);
  rereadUrl();
}

const KEPT_HASH = "gridatlas.address";

/** The page is left for another site that sends the person back to the front door: there they find this address again. */
export function keepAddress(): void {
  sessionStorage.setItem(KEPT_HASH, location.hash);
}

function takeKeptHash(): string | null {
  const hash = sessionStorage.getItem(KEPT_HASH);
  sessionStorage.removeItem(KEPT_HASH);
  return hash;
}

if (typeof window !== "undefined") {
  window.addEventListener("popstate", rereadUrl);
  window.addEventListener("hashchange", rereadUrl);
}

export const urlState = {
  get: store.get,
  subscribe: store.subscribe,
  /** Merge `change` into the address; null or "" takes a parameter away. */
  set(change: Readonly<Record<string, string | null>>, { replace = false } = {}): void {
    const next: Record<string, string> = { ...store.get() };
    for (const [key, value] of Object.entries(change)) {
      if (value === null || value === "") delete next[key];
      else next[key] = value;
    }
    const hash = formatHash(next);
    if (hash === formatHash(store.get())) return;
    const address = `${location.pathname}${location.search}${hash}`;
    if (replace) history.replaceState(history.state, "", address);
    else history.pushState(null, "", address);
    store.set(next);
  },
};

export function useUrl(): UrlParams {
  return useStore(store);
}

/** The selected feature; the card shows it, the map marks it, the list highlights it. */
export function useSelection(): Selection | null {
  const { sel } = useUrl();
  return parseSelection(sel);
}

export function select(selection: Selection | null, options?: { replace?: boolean }): void {
  // Another customer opens on its overview: the duty phone must be in sight, whatever was read of the one before.
  const sel = selection ? `${selection.layer}:${selection.id}` : null;
  urlState.set(sel === urlState.get().sel ? { sel } : { sel, tab: null }, options);
}
