/** Click selects; the selected feature is marked; several at one place are offered as a list. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "selection",
  overlays: [{ id: "selection", load: () => import("./Selection") }],
};
