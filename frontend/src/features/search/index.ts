/** One search box for customers, places and coordinates. */
import type { Feature } from "../feature";

export const feature: Feature = {
  id: "search",
  topBar: [{ id: "search", order: 10, load: () => import("./SearchBox") }],
};
