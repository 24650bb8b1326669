/** Change a customer: move it on the map, edit its ledger, delete and restore it. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "edit",
  panels: [{ id: "edit", label: "edit:ledger.title", load: () => import("./LedgerPanel") }],
  cardActions: [
    { id: "move", order: 10, load: () => import("./MoveAction") },
    { id: "edit", order: 20, load: () => import("./EditAction") },
    { id: "delete", order: 90, load: () => import("./DeleteAction") },
  ],
  overlays: [{ id: "move", load: () => import("./MoveHost") }],
};
