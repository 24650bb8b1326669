/** The thumbnail at the lower left: vector or imagery, with or without labels. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "basemap-switch",
  overlays: [{ id: "basemap-switch", load: () => import("./BasemapSwitch") }],
};
