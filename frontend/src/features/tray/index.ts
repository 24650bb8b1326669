/** Customers without a location wait here until somebody puts them on the map; the deleted ones can be brought back. */
import { useCustomerCounts } from "@/api/customers";
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "tray",
  rail: [
    {
      id: "tray",
      icon: "tray",
      label: "tray:rail",
      order: 35,
      opens: { panel: "tray" },
      allowed: (me) => me.actions.includes("move"),
      useBadge: () => useCustomerCounts().data?.unlocated ?? 0,
    },
  ],
  panels: [
    { id: "tray", label: "tray:title", load: () => import("./TrayPanel") },
    { id: "deleted", label: "tray:deleted.title", load: () => import("./DeletedPanel") },
  ],
};
