/** Keep the address and the view of the map the same: panning rewrites the address, Back moves the map. */
import { useEffect } from "react";
import { formatView, parseView, urlState } from "@/lib/url-state";
import type { GridMap } from "@/map/grid-map";

export function useViewInUrl(map: GridMap): void {
  useEffect(() => {
    const write = () => urlState.set({ map: formatView(map.settled.get()) }, { replace: true });
    const read = () => {
      const text = urlState.get().map;
      const wanted = parseView(text);
      if (wanted && text !== formatView(map.settled.get()) && text !== formatView(map.shown)) map.setView(wanted);
    };
    const stops = [map.settled.subscribe(write), urlState.subscribe(read)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [map]);
}
