/** Draw a shape and see who is inside: list, counts, contracted and running power. */
import type { Feature } from "@/features/feature";
import { registerShortcuts } from "@/lib/shortcuts";
import { urlState } from "@/lib/url-state";

export const feature: Feature = {
  id: "draw",
  panels: [{ id: "draw", label: "draw:title", load: () => import("./DrawPanel") }],
  mapControls: [{ id: "draw", order: 5, load: () => import("./DrawControl") }],
  overlays: [{ id: "drawn-shape", load: () => import("./DrawnShapeOverlay") }],
  start: () => registerShortcuts([{ keys: "d", label: "draw:title", run: () => urlState.set({ panel: "draw" }) }]),
};
