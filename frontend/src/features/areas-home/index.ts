/** Back home, or to another area of the utility. */
import type { Feature } from "@/features/feature";

export const feature: Feature = {
  id: "areas-home",
  mapControls: [{ id: "areas-home", order: 15, load: () => import("./AreasControl") }],
};
