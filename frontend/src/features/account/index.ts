/** Theme, language, keys, sign-out. */
import { lazy } from "react";
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "account",
  topBar: [{ id: "account", order: 90, Component: lazy(() => import("./AccountMenu")) }],
};
