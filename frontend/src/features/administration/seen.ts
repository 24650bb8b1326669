/** Which right of the person is shown on the map, and where it holds. */
import type { Outline, SeenAs } from "@/api/administration";
import type { Action } from "@/api/types";
import { createStore } from "@/lib/store";

export interface Right {
  layer: string;
  action: Action;
}

export const shownRight = createStore<Right>({ layer: "customers", action: "view" });

/** "everywhere", or the areas; none at all where the person may not. */
export function reachOf(seen: SeenAs, { layer, action }: Right): "everywhere" | Outline[] {
  const reach = seen.layers.find(({ id }) => id === layer)?.actions[action] ?? [];
  if (reach === "everywhere") return reach;
  return seen.features.filter(({ properties }) => reach.includes(properties.code));
}
