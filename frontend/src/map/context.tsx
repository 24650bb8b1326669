/** Hand the one map to components: `const map = useMap()`. */
import { createContext, type ReactNode, useContext } from "react";
import type { GridMap } from "./grid-map";

const MapContext = createContext<GridMap | null>(null);

export function MapProvider({ map, children }: { map: GridMap; children: ReactNode }) {
  return <MapContext.Provider value={map}>{children}</MapContext.Provider>;
}

export function useMap(): GridMap {
  const map = useContext(MapContext);
  if (!map) throw new Error("useMap is for components inside the map page.");
  return map;
}
