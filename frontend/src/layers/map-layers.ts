/**
 * The server's layers on the map. Features ask here by the server's layer id:
 * `useMapLayers().get("customers")?.setProvisional(42, { lon, lat })`.
 */
import type { LayerInfo } from "@/api/types";
import { createStore } from "@/lib/store";
import { urlState } from "@/lib/url-state";
import type { GridMap } from "@/map/grid-map";
import { areasLayer } from "./areas";
import { customersLayer } from "./customers";
import type { LayerHandle } from "./layer-handle";
import { networkLayer } from "./network";
import { otherLayer } from "./other";

/** One module per layer, by the server's id; a layer without a module is drawn plainly. */
const MODULES: Readonly<Record<string, (map: GridMap, info: LayerInfo) => LayerHandle>> = {
  customers: customersLayer,
  network: networkLayer,
  areas: areasLayer,
};

/** How long the first tiles wait for the live connection. */
const FIRST_RESET_MS = 400;

export interface LayerSetting {
  id: string;
  opacity: number;
}

/** `layers=customers,network:0.5`: the visible ones, with their opacity when it is not 1. Absent: all of them. */
export function parseLayerSettings(text: string | undefined): LayerSetting[] | null {
  if (text === undefined) return null;
  return text
    .split(",")
    .filter((part) => part && part !== "none")
    .map((part) => {
      const [id = "", opacity] = part.split(":");
      const value = opacity === undefined ? 1 : Number(opacity);
      return { id, opacity: Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 1 };
    })
    .filter(({ id }) => id);
}

export function formatLayerSettings(settings: readonly LayerSetting[]): string {
  if (!settings.length) return "none";
  return settings.map(({ id, opacity }) => (opacity === 1 ? id : `${id}:${opacity.toFixed(2)}`)).join(",");
}

export class MapLayers {
  /** In the server's order, lowest first. */
  readonly declared = createStore<readonly LayerHandle[]>([]);
  private readonly map: GridMap;
  private readonly stops: (() => void)[] = [];

  constructor(map: GridMap) {
    this.map = map;
    this.stops.push(urlState.subscribe(() => this.followUrl()));
  }

  declare(infos: readonly LayerInfo[]): void {
    const known = new Map(this.declared.get().map((layer) => [layer.info.id, layer]));
    const layers = infos.map((info) => known.get(info.id) ?? (MODULES[info.id] ?? otherLayer)(this.map, info));
    this.declared.set(layers);
    this.followUrl();
    for (const layer of layers) {
      // Tiles asked for after the stream's first reset are as new as its cursor; those before would be asked for twice.
      if (layer.info.stream) setTimeout(() => layer.start(), FIRST_RESET_MS);
      else layer.start();
    }
  }

  get(id: string): LayerHandle | undefined {
    return this.declared.get().find((layer) => layer.info.id === id);
  }

  settings(): LayerSetting[] {
    return (
      parseLayerSettings(urlState.get().layers) ?? this.declared.get().map(({ info }) => ({ id: info.id, opacity: 1 }))
    );
  }

  /** Show, hide or fade a layer: written to the address, which the map follows. */
  setShown(id: string, opacity: number | null): void {
    const current = new Map(this.settings().map((setting) => [setting.id, setting.opacity]));
    if (opacity === null) current.delete(id);
    else current.set(id, opacity);
    const ordered = this.declared
      .get()
      .filter(({ info }) => current.has(info.id))
      .map(({ info }) => ({ id: info.id, opacity: current.get(info.id) ?? 1 }));
    urlState.set({ layers: formatLayerSettings(ordered) }, { replace: true });
  }

  stop(): void {
    for (const stop of this.stops) stop();
    for (const layer of this.declared.get()) layer.remove();
  }

  private followUrl(): void {
    const settings = new Map(this.settings().map((setting) => [setting.id, setting.opacity]));
    for (const layer of this.declared.get()) {
      const opacity = settings.get(layer.info.id);
      layer.setShown(opacity !== undefined, opacity ?? 1);
      layer.setFilters(urlState.get());
    }
  }
}
