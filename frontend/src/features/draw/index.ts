/** Draw a shape and see who is inside: list, counts, contracted and running power. */
import type { Me } from "@/api/types";
import type { Feature } from "@/features/feature";
import { registerShortcuts } from "@/lib/shortcuts";
import { urlState } from "@/lib/url-state";

/** A customer sees their own few sites: there is nothing to count. */
const counts = (me: Me) => me.role !== "customer";

export const feature: Feature = {
  id: "draw",
  panels: [{ id: "draw", label: "draw:title", load: () => import("./DrawPanel") }],
  mapControls: [{ id: "draw", order: 5, load: () => import("./DrawControl"), allowed: counts }],
  overlays: [{ id: "drawn-shape", load: () => import("./DrawnShapeOverlay") }],
  start: (_map, me) =>
    counts(me)
      ? registerShortcuts([{ keys: "d", label: "draw:title", run: () => urlState.set({ panel: "draw" }) }])
      : undefined,
};
