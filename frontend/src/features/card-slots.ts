/** Tabs and actions that features add to the site card. main/ fills it once; the card reads it. */
import { createStore } from "@/lib/store";
import type { CardAction, CardTab } from "./feature";

export const cardSlots = createStore<{ tabs: readonly CardTab[]; actions: readonly CardAction[] }>({
  tabs: [],
  actions: [],
});
