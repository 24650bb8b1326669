/** What happened to a customer's position: told, replayed on the map, taken back on any day. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "history",
  cardTabs: [{ id: "history", label: "history:title", order: 90, load: () => import("./HistoryTab") }],
  overlays: [{ id: "undo", load: () => import("./UndoKey") }],
};
