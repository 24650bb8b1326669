/**
 * What a feature may add to the map page. Every `features/<name>/index.ts` exports `feature: Feature`;
 * `main/` finds them by itself. Keep that file light: bodies are loaded when they are opened.
 */
import type { ComponentType } from "react";
import type { Me } from "@/api/types";
import type { IconName } from "@/lib/ui/icons";
import type { GridMap } from "@/map/grid-map";

export type Load<Props = object> = () => Promise<{ default: ComponentType<Props> }>;

/** A place on the rail (tab bar on a phone). It opens the panel, the drawer or the page of the same feature. */
export interface RailItem {
  id: string;
  icon: IconName;
  /** Translation key with namespace, "layers:title". */
  label: string;
  order: number;
  opens: { panel: string } | { drawer: string } | { page: string; tab: string };
  allowed?: (me: Me) => boolean;
  /** Shown as a small number on the icon ("12 without location"). A hook: called on every render of the rail. */
  useBadge?: () => number;
}

/** Left panel beside the rail; `#panel=<id>`. */
export interface Panel {
  id: string;
  label: string;
  load: Load;
}

/** Bottom drawer for lists and charts; `#drawer=<id>`. */
export interface Drawer {
  id: string;
  label: string;
  load: Load;
}

/** Beside the rail from top to bottom, over the map or, with `aside`, beside it; `#<id>=<tab>`. */
export interface Page {
  id: string;
  label: string;
  /** Does this tab leave the map in sight? */
  aside: (tab: string) => boolean;
  /** Beside the map it needs more room than a form: tables. */
  broad?: boolean;
  allowed: (me: Me) => boolean;
  load: Load;
}

/** Tab of the site card; `#tab=<id>`. Gets the id of the customer. */
export interface CardTab {
  id: string;
  label: string;
  order: number;
  load: Load<{ id: number }>;
}

/** Buttons at the head of the site card (Move, Edit, Delete...). Rendered at once, so keep it small. */
export interface CardAction {
  id: string;
  order: number;
  load: Load<{ id: number }>;
}

/** A button in the column of map controls at the right, or a tool's own small bar. */
export interface MapControl {
  id: string;
  order: number;
  load: Load;
  allowed?: (me: Me) => boolean;
}

export interface Feature {
  id: string;
  rail?: readonly RailItem[];
  panels?: readonly Panel[];
  drawers?: readonly Drawer[];
  pages?: readonly Page[];
  cardTabs?: readonly CardTab[];
  cardActions?: readonly CardAction[];
  mapControls?: readonly MapControl[];
  /** In the top bar, left to right. */
  topBar?: readonly { id: string; order: number; load: Load }[];
  /** Right card for a selection of this server layer (`#sel=<layer>:<id>`). */
  cards?: readonly { layer: string; load: Load<{ id: number }> }[];
  /** Always there while the map is: dialogs, hints, listeners. Loaded after the first map. */
  overlays?: readonly { id: string; load: Load }[];
  /** Runs once when the map exists; returns how to stop. For listeners that need no component. */
  start?: (map: GridMap, me: Me) => (() => void) | undefined;
}
