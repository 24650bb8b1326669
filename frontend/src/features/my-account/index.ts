/** One's own account: where one is signed in, second step, password, access tokens (`#account=<part>`); the end of idle time. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "my-account",
  overlays: [
    { id: "my-account", load: () => import("./MyAccount") },
    { id: "idle-warning", load: () => import("./IdleWarning") },
  ],
};
