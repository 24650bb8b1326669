/** The card of the selected customer. Other features add tabs and buttons to it. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "site-card",
  cards: [{ layer: "customers", load: () => import("./SiteCard") }],
};
