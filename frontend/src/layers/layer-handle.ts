/** What every layer on the map can do for features. Positions in lon, lat; ids are the server's. */

import type { LiveEvent } from "@/api/apply-events";
import type { LayerInfo } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import type { UrlParams } from "@/lib/url-state";

export interface Found {
  id: number;
  lonLat: LonLat;
  properties: Readonly<Record<string, unknown>>;
}

export interface LayerHandle {
  readonly info: LayerInfo;
  setShown(visible: boolean, opacity: number): void;
  /** Take the filters the layer knows out of the address. */
  setFilters(params: UrlParams): void;
  /** Where a feature is drawn now: provisional before live before tile. Null when it is not on the screen. */
  find(id: number): Found | null;
  /** Draw a feature elsewhere for this browser only (a drag before its drop); null puts it back. */
  setProvisional(id: number, position: LonLat | null): void;
  /** Do not draw a feature (its editor draws it itself); false shows it again. */
  setHidden(id: number, hidden: boolean): void;
  applyEvents(events: readonly LiveEvent[]): void;
  /** Ask for the first tiles. Nothing is drawn before. */
  start(): void;
  /** Fetch the tiles again, keeping the old picture until the new one is there. */
  refresh(): void;
  remove(): void;
}
