/** Narrow map, list, counts and drawn shapes together: panel "Customers", chips over the map. */
import type { Feature } from "@/features/feature";
import { filterCount, useCustomerFilters } from "@/lib/customer-filters";
import { registerShortcuts } from "@/lib/shortcuts";
import { urlState } from "@/lib/url-state";

export const feature: Feature = {
  id: "filters",
  rail: [
    {
      id: "customers",
      icon: "customers",
      label: "filters:rail",
      order: 20,
      opens: { panel: "customers" },
      useBadge: () => filterCount(useCustomerFilters()),
    },
  ],
  panels: [{ id: "customers", label: "filters:title", load: () => import("./FiltersPanel") }],
  overlays: [{ id: "filter-chips", load: () => import("./FilterChips") }],
  start: () =>
    registerShortcuts([{ keys: "f", label: "filters:keys.filters", run: () => urlState.set({ panel: "customers" }) }]),
};
