/** The ledger as a list under the map: the map's twin for every customer, also those without a location. */
import type { Feature } from "@/features/feature";
import { registerShortcuts } from "@/lib/shortcuts";
import { urlState } from "@/lib/url-state";

export const feature: Feature = {
  id: "customers-list",
  rail: [{ id: "list", icon: "list", label: "customers-list:rail", order: 21, opens: { drawer: "customers" } }],
  drawers: [{ id: "customers", label: "customers-list:title", load: () => import("./CustomersList") }],
  start: () =>
    registerShortcuts([
      { keys: "g c", label: "customers-list:keys.list", run: () => urlState.set({ drawer: "customers" }) },
    ]),
};
