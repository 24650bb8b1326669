/** The column at the lower right: position, full screen, north, zoom. */
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LonLat } from "@/lib/coordinates";
import { notify } from "@/lib/notices";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { MapButton, MapButtons } from "@/lib/ui/MapButton";
import { useMap } from "@/map/context";
import { useMark } from "@/map/use-mark";

export default function ViewControls() {
  const { t } = useTranslation("map-controls");
  const map = useMap();
  const { rotation } = useStore(map.settled);
  const turned = Math.abs(rotation) > 0.001;

  useShortcuts(
    useMemo(
      () => [
        { keys: "+", label: "map-controls:zoomIn", run: () => map.zoomBy(1) },
        { keys: "=", label: "map-controls:zoomIn", run: () => map.zoomBy(1) },
        { keys: "-", label: "map-controls:zoomOut", run: () => map.zoomBy(-1) },
      ],
      [map],
    ),
  );

  return (
    <>
      {turned && <MapButton icon="north" label={t("north")} turn_rad={rotation} onClick={() => map.resetNorth()} />}
      <MapButtons>
        <Locate />
        <FullScreen />
      </MapButtons>
      <MapButtons>
        <MapButton icon="plus" label={t("zoomIn")} keys="+" onClick={() => map.zoomBy(1)} />
        <MapButton icon="minus" label={t("zoomOut")} keys="-" onClick={() => map.zoomBy(-1)} />
      </MapButtons>
    </>
  );
}

function Locate() {
  const { t } = useTranslation("map-controls");
  const map = useMap();
  const watch = useRef<number | null>(null);
  const [position, setPosition] = useState<(LonLat & { accuracy_m: number }) | null>(null);
  const [following, setFollowing] = useState(false);
  useMark("device", position, { accuracy_m: position?.accuracy_m });

  const stop = () => {
    if (watch.current !== null) navigator.geolocation.clearWatch(watch.current);
    watch.current = null;
    setPosition(null);
    setFollowing(false);
  };
  useEffect(
    () => () => {
      if (watch.current !== null) navigator.geolocation.clearWatch(watch.current);
    },
    [],
  );

  const start = () => {
    if (!("geolocation" in navigator)) {
      notify({ kind: "warning", text: t("noPosition") });
      return;
    }
    setFollowing(true);
    let first = true;
    watch.current = navigator.geolocation.watchPosition(
      ({ coords }) => {
        const found = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy };
        setPosition(found);
        if (first) map.flyTo({ ...found, zoom: 17 });
        first = false;
      },
      (error) => {
        stop();
        notify({ kind: "warning", text: t(error.code === error.PERMISSION_DENIED ? "positionRefused" : "noPosition") });
      },
      { enableHighAccuracy: true, maximumAge: 10_000, timeout: 20_000 },
    );
  };

  return <MapButton icon="locate" label={t("locate")} pressed={following} onClick={following ? stop : start} />;
}

function FullScreen() {
  const { t } = useTranslation("map-controls");
  const [full, setFull] = useState(!!document.fullscreenElement);
  useEffect(() => {
    const follow = () => setFull(!!document.fullscreenElement);
    document.addEventListener("fullscreenchange", follow);
    return () => document.removeEventListener("fullscreenchange", follow);
  }, []);
  if (!document.fullscreenEnabled) return null;
  return (
    <MapButton
      icon={full ? "fullscreenExit" : "fullscreen"}
      label={t(full ? "leaveFullScreen" : "fullScreen")}
      onClick={() => void (full ? document.exitFullscreen() : document.documentElement.requestFullscreen())}
    />
  );
}
