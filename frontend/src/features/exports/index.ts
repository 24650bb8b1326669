/** The list of customers or a layer as a file to take away (`#export=<layer>`). */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "exports",
  overlays: [{ id: "exports", load: () => import("./ExportDialog") }],
};
