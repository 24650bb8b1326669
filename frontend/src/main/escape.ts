/** Esc closes the top layer: mode of the map, then card, then drawer, then panel. Pop-ups put themselves above. */
import { useEffect } from "react";
import { pushEscape } from "@/lib/shortcuts";
import { select, urlState } from "@/lib/url-state";
import { useMap } from "@/map/context";

export function useEscapeLayers(): void {
  const map = useMap();
  useEffect(
    () =>
      pushEscape(() => {
        const { sel, drawer, panel } = urlState.get();
        if (map.mode.get()) map.leaveMode();
        else if (sel) select(null);
        else if (drawer) urlState.set({ drawer: null });
        else if (panel) urlState.set({ panel: null });
      }),
    [map],
  );
}
