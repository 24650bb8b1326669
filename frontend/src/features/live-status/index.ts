/** "live", "delayed 12 s", "offline". */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "live-status",
  topBar: [{ id: "live-status", order: 50, load: () => import("./LiveChip") }],
};
