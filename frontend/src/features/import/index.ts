/** Customers from a file: read, check what will change, commit as one batch, take it back. */
import type { Me } from "@/api/types";
import { registerShortcuts } from "@/lib/shortcuts";
import { urlState } from "@/lib/url-state";
import type { Feature } from "../feature";

const imports = (me: Me) => me.actions.includes("add") || me.actions.includes("edit");

export const feature: Feature = {
  id: "import",
  rail: [
    {
      id: "import",
      icon: "upload",
      label: "import:rail",
      order: 40,
      opens: { page: "import", tab: "new" },
      allowed: imports,
    },
  ],
  pages: [
    {
      id: "import",
      label: "import:title",
      aside: () => true,
      broad: true,
      allowed: imports,
      load: () => import("./Import"),
    },
  ],
  start: (_, me) => {
    if (!imports(me)) return undefined;
    // A bare `#import` is the page of recent imports.
    if (urlState.get().import === "") urlState.set({ import: "new" }, { replace: true });
    return registerShortcuts([{ keys: "g i", label: "import:keys.open", run: () => urlState.set({ import: "new" }) }]);
  },
};
