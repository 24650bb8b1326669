/** What an administrator needs without a shell: people, rights, areas, who sees what, sessions, tokens, the system. */
import type { Me } from "@/api/types";
import type { Feature } from "../feature";
import { isBesideMap } from "./address";

const administers = (me: Me) => me.role === "administrator";

export const feature: Feature = {
  id: "administration",
  rail: [
    {
      id: "administration",
      icon: "admin",
      label: "administration:rail",
      order: 90,
      opens: { page: "admin", tab: "people" },
      allowed: administers,
    },
  ],
  pages: [
    {
      id: "admin",
      label: "administration:title",
      aside: isBesideMap,
      allowed: administers,
      load: () => import("./Administration"),
    },
  ],
  overlays: [{ id: "seen-as", load: () => import("./SeenAsHost") }],
};
