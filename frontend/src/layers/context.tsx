/** Hand the layers to components: `const layers = useMapLayers()`. */
import { createContext, type ReactNode, useContext } from "react";
import type { MapLayers } from "./map-layers";

const LayersContext = createContext<MapLayers | null>(null);

export function LayersProvider({ layers, children }: { layers: MapLayers; children: ReactNode }) {
  return <LayersContext.Provider value={layers}>{children}</LayersContext.Provider>;
}

export function useMapLayers(): MapLayers {
  const layers = useContext(LayersContext);
  if (!layers) throw new Error("useMapLayers is for components inside the map page.");
  return layers;
}
