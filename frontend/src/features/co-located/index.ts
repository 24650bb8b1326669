/** A press on the map selects; where several customers stand on each other, or in a cluster, it lets a person choose. */
import type { Feature } from "@/features/feature";

export const feature: Feature = {
  id: "co-located",
  overlays: [{ id: "co-located", load: () => import("./MapPress") }],
};
