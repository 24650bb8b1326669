/** Esc closes the top layer: mode of the map, then page, card, drawer, panel. Beside the map a page outlives the card. Pop-ups put themselves above. */
import { useEffect } from "react";
import { pushEscape } from "@/lib/shortcuts";
import { select, urlState } from "@/lib/url-state";
import { useMap } from "@/map/context";
import { pages } from "./registry";

export function useEscapeLayers(): void {
  const map = useMap();
  useEffect(
    () =>
      pushEscape(() => {
        const { sel, drawer, panel, ...rest } = urlState.get();
        const page = pages.find(({ id }) => rest[id]);
        const beside = page?.aside(rest[page.id] ?? "");
        if (map.mode.get()) map.leaveMode();
        else if (beside && sel) select(null);
        else if (page) urlState.set({ [page.id]: null });
        else if (sel) select(null);
        else if (drawer) urlState.set({ drawer: null });
        else if (panel) urlState.set({ panel: null });
      }),
    [map],
  );
}
