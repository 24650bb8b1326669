/** Zoom, north, own position, full screen, measuring. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "map-controls",
  mapControls: [
    { id: "measure", order: 10, load: () => import("./MeasureControl") },
    { id: "view", order: 20, load: () => import("./ViewControls") },
  ],
};
