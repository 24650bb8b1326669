/** Which layers are shown, how strongly, and what their signs mean. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "layers-panel",
  rail: [{ id: "layers", icon: "layers", label: "layers-panel:title", order: 10, opens: { panel: "layers" } }],
  panels: [{ id: "layers", label: "layers-panel:title", load: () => import("./LayersPanel") }],
  overlays: [{ id: "layers-key", load: () => import("./LayersKey") }],
};
