/** Theme, language, keys, sign-out. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "account",
  topBar: [{ id: "account", order: 90, load: () => import("./AccountMenu") }],
};
