/** What the map shows as a sheet of paper (`#print=1`): the person sets it up beside the map, and a frame shows what is on it. */
import { urlState } from "@/lib/url-state";
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "print",
  mapControls: [{ id: "print", order: 5, load: () => import("./PrintControl") }],
  pages: [
    { id: "print", label: "print:title", aside: () => true, allowed: () => true, load: () => import("./PrintPage") },
  ],
  start: () => {
    // A bare `#print` means it too.
    if (urlState.get().print === "") urlState.set({ print: "1" }, { replace: true });
    return undefined;
  },
};
