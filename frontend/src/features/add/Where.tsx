/** Five ways to say where a new customer is; whichever was used, the place can then be dragged or moved by arrow keys. */
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useGeocode } from "@/api/search";
import type { PointSource } from "@/api/types";
import { formatDecimal, type LonLat } from "@/lib/coordinates";
import { stepped } from "@/lib/geodesy";
import { fieldNameWithUnit } from "@/lib/ledger-words";
import { placeLine } from "@/lib/place-words";
import { byFinger } from "@/lib/pointer";
import { useStore } from "@/lib/store";
import { Button, Icon, type IconName, TextField } from "@/lib/ui";
import { DevicePositionButton } from "@/lib/ui/DevicePositionButton";
import { RadioChoice } from "@/lib/ui/fields";
import { PositionField } from "@/lib/ui/PositionField";
import { useMap } from "@/map/context";
import { arrowStep, PositionEditor } from "@/map/edit";
import css from "./add.module.css";
import { type CustomerForm, shownAt, WAYS, type Way } from "./new-customer";

const ICONS: Readonly<Record<Way, IconName>> = {
  map: "pin",
  typed: "keyboard",
  device: "locate",
  address: "search",
  none: "tray",
};

interface Props {
  form: CustomerForm;
  onChange: (part: Partial<CustomerForm>) => void;
  error: string | undefined;
  accuracyError: string | undefined;
}

export function Where({ form, onChange, error, accuracyError }: Props) {
  const { t } = useTranslation(["add", "position", "domain"]);
  const map = useMap();
  const { way } = form;
  const at = shownAt(form);
  const put = (to: LonLat, source: PointSource, accuracy_m?: number) =>
    onChange({
      place: { ...to, datum: "WGS84", source },
      accuracy: accuracy_m === undefined ? "" : String(Math.max(1, Math.round(accuracy_m))),
    });
  const [round, setRound] = useState(0);
  usePlaceOnMap(form, put, round);

  return (
    <div className={css.where} data-invalid={error ? "" : undefined}>
      <RadioChoice
        label={t("where")}
        choices={WAYS.map((value) => ({
          value,
          label: t(`way.${value}`),
          icon: <Icon name={ICONS[value]} size={16} />,
        }))}
        value={way}
        onChoose={(value) => onChange({ way: value })}
      />
      {way === "map" && <OnTheMap placed={at !== null} onAgain={() => setRound(round + 1)} />}
      {way === "typed" && (
        <PositionField
          label={t("position:label")}
          value={form.place}
          near={at ?? map.shown}
          onGive={(given) => onChange({ place: { ...given, source: "typed" } })}
          onSettle={() => at && map.reveal(at)}
          error={error}
        />
      )}
      {way === "device" && (
        <DevicePositionButton
          onFound={(found) => {
            put(found, "device", found.accuracy_m);
            map.flyTo({ ...found, zoom: 18 });
          }}
        />
      )}
      {way === "address" && (
        <AddressSearch
          onPick={(to, address) => {
            put(to, "address");
            if (!form.address.trim()) onChange({ address });
            map.flyTo({ ...to, zoom: 18 });
          }}
        />
      )}
      {way === "none" && <p className={css.help}>{t("withoutHelp")}</p>}
      {at && (
        <>
          <p className={css.place} role="status">
            <Icon name="pin" size={16} />
            <span>
              {formatDecimal(at)} · {form.place && t(`domain:source.${form.place.source}`)}
            </span>
          </p>
          <div className={css.accuracy}>
            <TextField
              label={fieldNameWithUnit("accuracy_m")}
              inputMode="decimal"
              value={form.accuracy}
              onChange={(event) => onChange({ accuracy: event.target.value })}
              error={accuracyError}
            />
          </div>
        </>
      )}
      {error && way !== "typed" && (
        <p className={css.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** The new place on the map: draggable at any time; clicks and arrow keys belong to it while "on the map" is chosen. */
function usePlaceOnMap(form: CustomerForm, put: (to: LonLat, source: PointSource) => void, round: number): void {
  const { t } = useTranslation("add");
  const map = useMap();
  const latest = useRef({ form, put });
  latest.current = { form, put };
  const editor = useRef<PositionEditor | null>(null);
  const picking = form.way === "map";
  const at = shownAt(form);
  const { lon, lat } = at ?? { lon: null, lat: null };
  const { grade, status, classes } = form;

  useEffect(() => {
    const opened = new PositionEditor(map, {
      symbol: () => latest.current.form,
      onMove: (to) => latest.current.put(to, "map_click"),
    });
    editor.current = opened;
    return () => {
      opened.remove();
      editor.current = null;
    };
  }, [map]);

  useEffect(() => {
    editor.current?.show(null, lon === null ? null : { lon, lat });
  }, [lon, lat]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the symbol is read again when one of these changes.
  useEffect(() => editor.current?.repaint(), [grade, status, classes]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round enters the mode again after Esc.
  useEffect(() => {
    if (!picking) return;
    return map.enterMode({
      id: "add",
      hint: t(byFinger() ? "hintTouch" : "hint"),
      cursor: "crosshair",
      onClick: ({ lonLat }) => latest.current.put(lonLat, "map_click"),
      onKey: (event) => {
        const step = arrowStep(event);
        if (!step) return false;
        const from = shownAt(latest.current.form) ?? map.shown;
        latest.current.put(stepped(from, step.east_m, step.north_m), "map_click");
        return true;
      },
    });
  }, [picking, map, t, round]);
}

function OnTheMap({ placed, onAgain }: { placed: boolean; onAgain: () => void }) {
  const { t } = useTranslation("add");
  const mode = useStore(useMap().mode);
  const choosing = mode?.id === "add";
  return (
    <div className={css.onMap}>
      <p className={css.help}>{t(placed ? "placedHelp" : "mapHelp")}</p>
      <Button
        icon={choosing ? "keyboard" : "pin"}
        onClick={() => {
          if (!choosing) onAgain();
          document.getElementById("map")?.focus();
        }}
      >
        {t(choosing ? "toMap" : "chooseOnMap")}
      </Button>
    </div>
  );
}

function AddressSearch({ onPick }: { onPick: (to: LonLat, address: string) => void }) {
  const { t } = useTranslation("add");
  const id = useId();
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), 200);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useGeocode(asked);
  const results = (text.trim().length > 1 ? (found.data?.results ?? []) : []).filter(
    (result) => result.lon !== null && result.lat !== null,
  );
  return (
    <div className={css.address}>
      <TextField
        label={t("addressSearch")}
        type="search"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-controls={id}
      />
      <ul id={id} aria-label={t("addressResults")}>
        {results.map((result) => (
          <li key={`${result.kind}:${result.id}`}>
            <button
              type="button"
              onClick={() => {
                onPick({ lon: Number(result.lon), lat: Number(result.lat) }, result.title);
                setText("");
              }}
            >
              <strong>{result.title}</strong>
              <span>{placeLine(result)}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.isSuccess && asked.trim().length > 1 && asked === text && results.length === 0 && (
        <p className={css.help} role="status">
          {t("addressNone")}
        </p>
      )}
    </div>
  );
}
