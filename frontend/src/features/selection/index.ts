/** The selected feature is marked and brought into view; the one under the pointer is named. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "selection",
  overlays: [{ id: "selection", load: () => import("./Selection") }],
};
