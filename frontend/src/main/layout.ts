/** Three layouts: wide (card at the right), tablet (card is a bottom sheet), phone (rail is a tab bar). */
import { createStore, useStore } from "@/lib/store";

export type Layout = "wide" | "tablet" | "phone";

function measure(): Layout {
  const width = window.innerWidth;
  return width <= 640 ? "phone" : width <= 1100 ? "tablet" : "wide";
}

const layout = createStore<Layout>(measure());
window.addEventListener("resize", () => layout.set(measure()));

export function useLayout(): Layout {
  return useStore(layout);
}
