/** Where one is in the administration: `#admin=people/7`, `#admin=roles/planner:north`; `#seeas=7` masks the map. */
import { urlState, useUrl } from "@/lib/url-state";

export const TABS = ["people", "roles", "areas", "basemaps", "see", "access", "system"] as const;
export type Tab = (typeof TABS)[number];

/** These need the map in sight. */
export function isBesideMap(place: string): boolean {
  const { tab } = parsePlace(place);
  return tab === "areas" || tab === "see";
}

/** `item` is what is open in the tab: a person, a group, an area; "" for none. */
export function parsePlace(place: string): { tab: Tab; item: string } {
  const [first = "", ...rest] = place.split("/");
  const tab = TABS.find((known) => known === first) ?? "people";
  return { tab, item: rest.join("/") };
}

export function usePlace(): { tab: Tab; item: string } {
  return parsePlace(useUrl().admin ?? "");
}

export function goTo(tab: Tab, item: string | number = "", more: Readonly<Record<string, string | null>> = {}): void {
  urlState.set({ admin: item === "" ? tab : `${tab}/${item}`, ...more });
}

/** What can this person see? On the map, with the words beside it. */
export function seeAs(personId: number): void {
  goTo("see", "", { seeas: String(personId), panel: null, drawer: null, sel: null });
}

export function useSeenAsId(): number | null {
  const { seeas } = useUrl();
  return seeas && /^\d{1,9}$/.test(seeas) ? Number(seeas) : null;
}
