/** Let the layers hear of changes: events to the layer of the stream, and to the cached cards and lists. */
import { patchCustomerCaches, refetchCustomers } from "@/api/customers-live";
import { noteSignedOut } from "@/api/http";
import { LiveConnection, liveStatus, liveUrl } from "@/api/live";
import { basemapsQuery } from "@/api/map-info";
import { queryClient } from "@/api/query-client";
import { sessionEnd } from "@/api/session";
import type { MapLayers } from "./map-layers";

/** The stream that carries no events: a reset says that there are other basemaps now. */
const BASEMAPS = "basemaps";

export function startLive(layers: MapLayers): () => void {
  const connection = new LiveConnection(liveUrl(), {
    onEvents: (stream, events) => {
      for (const layer of layers.declared.get()) if (layer.info.stream === stream) layer.applyEvents(events);
      if (stream === "customers") patchCustomerCaches(events);
    },
    onReset: (stream) => {
      for (const layer of layers.declared.get()) if (layer.info.stream === stream) layer.refresh();
      if (stream === "customers") refetchCustomers();
      if (stream === BASEMAPS)
        void queryClient.invalidateQueries({ queryKey: basemapsQuery.queryKey, refetchType: "active" });
    },
    onSignedOut: noteSignedOut,
  });

  const subscribe = () =>
    connection.subscribe([
      ...layers.declared.get().flatMap(({ info }) => (info.stream ? [info.stream] : [])),
      ...(layers.declared.get().length ? [BASEMAPS] : []),
    ]);
  const nudge = () => {
    if (document.visibilityState === "visible") connection.nudge();
  };
  // The map waited behind the sign-in form: what came meanwhile is fetched now.
  const goOn = () => {
    if (sessionEnd.get() !== null) return;
    connection.start();
    for (const layer of layers.declared.get()) layer.refresh();
  };
  const stops = [
    layers.declared.subscribe(subscribe),
    sessionEnd.subscribe(goOn),
    connection.status.subscribe(() => liveStatus.set(connection.status.get())),
  ];
  window.addEventListener("online", nudge);
  document.addEventListener("visibilitychange", nudge);
  subscribe();
  connection.start();
  return () => {
    for (const stop of stops) stop();
    window.removeEventListener("online", nudge);
    document.removeEventListener("visibilitychange", nudge);
    connection.stop();
  };
}
