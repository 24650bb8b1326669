/** Who did what, when, from where: for supervisors and administrators. */
import type { Feature } from "../feature";

const AUDITORS = ["supervisor", "administrator"];

export const feature: Feature = {
  id: "audit",
  rail: [
    {
      id: "audit",
      icon: "history",
      label: "audit:rail",
      order: 80,
      opens: { drawer: "audit" },
      allowed: (me) => AUDITORS.includes(me.role),
    },
  ],
  drawers: [{ id: "audit", label: "audit:title", load: () => import("./AuditDrawer") }],
};
