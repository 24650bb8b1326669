/** The map page: one map, everything else in slots over it. */
import { useEffect, useState } from "react";
import { useBasemaps, useLayers } from "@/api/map-info";
import { useMe } from "@/api/session";
import { LayersProvider } from "@/layers/context";
import { startLive } from "@/layers/live-layers";
import { MapLayers } from "@/layers/map-layers";
import { parseView, urlState } from "@/lib/url-state";
import { useBasemapOfUrl } from "@/map/basemap";
import { MapProvider } from "@/map/context";
import { GridMap, viewOfBbox } from "@/map/grid-map";
import { features } from "./registry";
import { Shell } from "./Shell";
import { useViewInUrl } from "./use-view-in-url";

export default function MapPage() {
  const me = useMe();
  const [map] = useState(() => {
    const view = parseView(urlState.get().map);
    return new GridMap(view ?? viewOfBbox(me.utility.home), { hadView: view !== null });
  });
  const [layers] = useState(() => new MapLayers(map));
  const layerInfos = useLayers();
  const basemaps = useBasemaps();

  useViewInUrl(map);
  useBasemapOfUrl(map, basemaps.data);

  useEffect(() => {
    if (layerInfos.data) layers.declare(layerInfos.data);
  }, [layers, layerInfos.data]);

  useEffect(() => {
    const stops = features.map((feature) => feature.start?.(map, me));
    return () => {
      for (const stop of stops) stop?.();
    };
  }, [map, me]);

  useEffect(() => startLive(layers), [layers]);

  useEffect(() => () => layers.stop(), [layers]);

  return (
    <MapProvider map={map}>
      <LayersProvider layers={layers}>
        <Shell />
      </LayersProvider>
    </MapProvider>
  );
}
