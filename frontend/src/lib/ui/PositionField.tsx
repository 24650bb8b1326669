/** Type or paste a position: decimal or DMS, in the datum it is written in. What was read is said back at once. */
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatDecimal, type LonLat, type Reading, readCoordinates } from "../coordinates";
import { DATUM_NAMES, DATUMS, type Datum } from "../datums";
import { distanceBetween_m } from "../geodesy";
import extra from "./fields.module.css";
import css from "./ui.module.css";

export interface GivenPosition extends LonLat {
  datum: Datum;
}

export function PositionField({
  label,
  value,
  onGive,
  onSettle,
  near,
  error,
}: {
  label: string;
  /** Where it stands now, in WGS 84 or as it was typed. */
  value: GivenPosition | null;
  /** Every time that the text can be read, also while it is being typed. */
  onGive: (given: GivenPosition) => void;
  /** Enter, or the field was left. */
  onSettle?: () => void;
  /** Where it probably is: tells which of two orders was meant. */
  near: LonLat | null;
  error?: string | undefined;
}) {
  const { t } = useTranslation("position");
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(() => textOf(value));
  const [datum, setDatum] = useState<Datum>(value?.datum ?? "WGS84");
  const [touched, setTouched] = useState(false);

  // Dragged, nudged or reset meanwhile: show that, unless the person is typing here just now.
  const shown = value ? `${value.datum}|${textOf(value)}` : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shown` is the value.
  useEffect(() => {
    if (document.activeElement === field.current) return;
    setText(textOf(value));
    setTouched(false);
    if (value) setDatum(value.datum);
  }, [shown]);

  const readings = readCoordinates(text);
  const reading = readings[0];
  const other = readings[1] && near && reading && isMeant(readings[1], reading, near) ? readings[1] : null;
  const unreadable = touched && text.trim() !== "" && !reading;

  const give = (next: string, inDatum: Datum) => {
    const read = readCoordinates(next)[0];
    if (read) onGive({ lon: read.lon, lat: read.lat, datum: inDatum });
  };
  const swap = (meant: Reading) => {
    const given = { lon: meant.lon, lat: meant.lat, datum };
    setText(textOf(given));
    onGive(given);
    onSettle?.();
  };
  const note = error ?? (unreadable ? t("unreadable") : null);

  return (
    <div className={extra.position}>
      <label htmlFor={id}>{label}</label>
      <input
        ref={field}
        id={id}
        className={css.input}
        value={text}
        spellCheck={false}
        autoComplete="off"
        placeholder={t("example")}
        aria-invalid={note ? true : undefined}
        aria-describedby={`${id}-note`}
        onChange={(event) => {
          setText(event.target.value);
          setTouched(false);
          give(event.target.value, datum);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          setTouched(true);
          onSettle?.();
        }}
        onBlur={() => {
          setTouched(true);
          if (reading) onSettle?.();
        }}
      />
      <select
        className={css.input}
        aria-label={t("datum")}
        value={datum}
        onChange={(event) => {
          const chosen = event.target.value as Datum;
          setDatum(chosen);
          give(text, chosen);
        }}
      >
        {DATUMS.map((name) => (
          <option key={name} value={name}>
            {DATUM_NAMES[name]}
          </option>
        ))}
      </select>
      <span
        id={`${id}-note`}
        className={extra.note}
        data-wrong={note ? "" : undefined}
        role={note ? "alert" : undefined}
      >
        {note ?? (reading?.notation === "dms" ? t("readAs", { position: formatDecimal(reading) }) : t("order"))}
        {other && (
          <button type="button" className={extra.link} onClick={() => swap(other)}>
            {t("meant", { position: formatDecimal(other, 4) })}
          </button>
        )}
      </span>
    </div>
  );
}

function textOf(value: GivenPosition | null): string {
  return value ? formatDecimal(value) : "";
}

/** The other order lies ten times nearer to where things are. */
function isMeant(other: Reading, taken: Reading, near: LonLat): boolean {
  return distanceBetween_m(other, near) * 10 < distanceBetween_m(taken, near);
}
