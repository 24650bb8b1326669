/** One line of a legend, drawn with the map's own symbols. */
import { useEffect, useRef } from "react";
import type { CustomerStatus, Grade, LayerInfo } from "@/api/types";
import { clusterCanvas } from "@/layers/cluster-symbol";
import { feederColour, stationCanvas, substationCanvas } from "@/layers/network";
import { localized } from "@/lib/i18n";
import { useShownTheme } from "@/lib/preferences";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import { ringOf } from "@/map/symbols";
import css from "./layers.module.css";

type Entry = LayerInfo["legend"][number];

export function LegendRow({ layer, entry }: { layer: string; entry: Entry }) {
  return (
    <li className={css.entry}>
      <span className={css.sample}>
        <Sample layer={layer} entry={entry} />
      </span>
      {localized(entry.label)}
    </li>
  );
}

function Sample({ entry }: { layer: string; entry: Entry }) {
  const theme = useShownTheme();
  const { kind, value, shape, dash } = entry.symbol as {
    kind?: string;
    value?: string;
    shape?: string;
    dash?: number[];
  };
  switch (kind) {
    case "grade":
      return <CustomerSymbol grade={value as Grade} status="normal" size={26} />;
    case "status":
      return <CustomerSymbol grade="second" status={value as CustomerStatus} size={26} />;
    case "class":
      return ringOf(value) === "none" ? (
        <span className={css.nothing}>–</span>
      ) : (
        <CustomerSymbol grade="none" status="normal" classes={value ?? ""} size={28} />
      );
    case "cluster":
      return <Canvas source={clusterCanvas({ radius: 14, worst: "special", theme })} size={28} />;
    case "point":
      return shape === "substation" ? (
        <Canvas source={substationCanvas(theme)} size={22} />
      ) : (
        <Canvas source={stationCanvas(feederColour("101", theme), theme)} size={16} />
      );
    case "line":
      return <Line colour={feederColour("101", theme)} dash={dash} />;
    case "area":
      return <Line colour={theme === "dark" ? "#8fa6d6" : "#5a6ea8"} dash={dash ?? [1, 4]} />;
    default:
      return <span className={css.nothing}>–</span>;
  }
}

function Line({ colour, dash }: { colour: string; dash?: number[] | undefined }) {
  return (
    <svg width="28" height="10" aria-hidden="true">
      <line x1="1" y1="5" x2="27" y2="5" stroke={colour} strokeWidth="2.4" strokeDasharray={dash?.join(" ")} />
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
