/** The moves of one customer played on the map, as fast as a person can follow; gone when the tab closes. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "@/lib/ui";
import { useMap } from "@/map/context";
import { addTrack, type Track } from "@/map/track";
import css from "./history.module.css";
import type { Step } from "./journal";

const STEP_MS = 1_400;

export function Replay({
  steps,
  current,
  onStep,
  describe,
}: {
  steps: readonly Step[];
  current: number;
  onStep: (step: number) => void;
  describe: (step: Step) => ReactNode;
}) {
  const { t } = useTranslation("history");
  const map = useMap();
  const track = useRef<Track | null>(null);
  const [playing, setPlaying] = useState(false);
  const last = steps.length - 1;
  const step = steps[current];

  useEffect(() => {
    track.current = addTrack(map);
    return () => {
      track.current?.remove();
      track.current = null;
    };
  }, [map]);

  useEffect(() => {
    track.current?.show(
      steps.map(({ at }) => at),
      current,
    );
  }, [steps, current]);

  useEffect(() => {
    if (!playing) return;
    if (current >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => onStep(current + 1), STEP_MS);
    return () => clearTimeout(timer);
  }, [playing, current, last, onStep]);

  const go = (to: number) => {
    setPlaying(false);
    const target = Math.max(0, Math.min(last, to));
    onStep(target);
    const at = steps[target]?.at;
    if (at) map.reveal(at);
  };
  const play = () => {
    if (playing) {
      setPlaying(false);
      return;
    }
    map.fit(
      steps.map(({ at }) => at),
      { maxZoom: 18 },
    );
    if (current >= last) onStep(0);
    setPlaying(true);
  };

  return (
    <section className={css.replay} aria-label={t("replay.title")}>
      <div className={css.controls}>
        <Button icon={playing ? "pause" : "play"} onClick={play} disabled={last < 1}>
          {t(playing ? "replay.pause" : "replay.play")}
        </Button>
        <IconButton
          icon="chevronLeft"
          label={t("replay.back")}
          disabled={current <= 0}
          onClick={() => go(current - 1)}
        />
        <input
          type="range"
          min={1}
          max={last + 1}
          value={current + 1}
          disabled={last < 1}
          aria-label={t("replay.slider")}
          aria-valuetext={t("replay.of", { number: current + 1, count: last + 1 })}
          onChange={(event) => go(Number(event.target.value) - 1)}
        />
        <IconButton
          icon="chevronRight"
          label={t("replay.next")}
          disabled={current >= last}
          onClick={() => go(current + 1)}
        />
        <IconButton
          icon="fullscreen"
          label={t("replay.fit")}
          onClick={() =>
            map.fit(
              steps.map(({ at }) => at),
              { maxZoom: 18 },
            )
          }
        />
      </div>
      {step && (
        <p className={css.now} role="status">
          <strong>{t("replay.of", { number: current + 1, count: last + 1 })}</strong> {describe(step)}
        </p>
      )}
    </section>
  );
}
