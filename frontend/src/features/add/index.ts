/** Open a customer: by a click, typed coordinates, this device's position, an address, or without a location. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "add",
  rail: [
    {
      id: "add",
      icon: "plus",
      label: "add:rail",
      order: 30,
      opens: { panel: "add" },
      allowed: (me) => me.actions.includes("add"),
    },
  ],
  panels: [{ id: "add", label: "add:title", load: () => import("./AddPanel") }],
};
