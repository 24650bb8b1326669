/** One line of a legend, drawn with the map's own symbols. */
import { useEffect, useRef } from "react";
import { type LegendEntry, sampleOf, symbolOf } from "@/layers/legend-sample";
import { localized } from "@/lib/i18n";
import { useShownTheme } from "@/lib/preferences";
import css from "./layers.module.css";

export function LegendRow({ entry }: { entry: LegendEntry }) {
  return (
    <li className={css.entry}>
      <span className={css.sample}>
        <Sample entry={entry} />
      </span>
      {localized(entry.label)}
    </li>
  );
}

function Sample({ entry }: { entry: LegendEntry }) {
  const theme = useShownTheme();
  const sample = sampleOf(symbolOf(entry), { theme, imagery: false });
  if (!sample) return <span className={css.nothing}>–</span>;
  return "canvas" in sample ? (
    <Canvas source={sample.canvas} size={sample.size} />
  ) : (
    <svg width="28" height="10" aria-hidden="true">
      <line
        x1="1"
        y1="5"
        x2="27"
        y2="5"
        stroke={sample.colour}
        strokeWidth="2.4"
        strokeDasharray={sample.dash.join(" ")}
      />
    </svg>
  );
}

function Canvas({ source, size }: { source: HTMLCanvasElement; size: number }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = ref.current?.getContext("2d");
    context?.clearRect(0, 0, source.width, source.height);
    context?.drawImage(source, 0, 0);
  }, [source]);
  return <canvas ref={ref} width={source.width} height={source.height} style={{ width: size, height: size }} />;
}
