/** `?` lists the keys. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "shortcuts",
  overlays: [{ id: "shortcuts", load: () => import("./ShortcutList") }],
};
