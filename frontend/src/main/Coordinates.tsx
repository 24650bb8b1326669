/**
 * Coordinates under the pointer, else of the centre, in the datum of the person's choice; a press copies what is read here.
 * The place that was pointed at last stays until the map moves: the way to this button leads off the map.
 */
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LonLat } from "@/lib/coordinates";
import { copyText } from "@/lib/copy";
import { notify } from "@/lib/notices";
import { setPreference, usePreferences } from "@/lib/preferences";
import { offeredAt, readoutOf, written, zoneAt } from "@/lib/readouts";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { Icon } from "@/lib/ui";
import { useMap } from "@/map/context";
import css from "./shell.module.css";

export default function Coordinates() {
  const { t } = useTranslation("common");
  const map = useMap();
  const pointer = useStore(map.pointer);
  const view = useStore(map.settled);
  const readout = readoutOf(usePreferences().datum);
  const [pointed, setPointed] = useState<LonLat | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view, another centre.
  useEffect(() => setPointed(null), [view]);
  useEffect(() => {
    if (pointer) setPointed(pointer);
  }, [pointer]);
  const place = pointer ?? pointed;
  const { text, exact, name } = written(place ?? view, readout);

  const copy = useCallback(async () => {
    if (await copyText(exact)) notify({ kind: "done", text: `${t("copied")}: ${exact} (${name})`, lasts: 2_500 });
  }, [exact, name, t]);
  useShortcuts(useMemo(() => [{ keys: "c", label: "common:keys.copyCoordinates", run: () => void copy() }], [copy]));

  return (
    <div className={css.coordinates}>
      <button type="button" title={t(place ? "atPointer" : "atCentre")} onClick={() => void copy()}>
        <span>{text}</span>
        <Icon name="copy" size={12} />
      </button>
      <select
        aria-label={t("datum")}
        title={name}
        value={readout}
        onChange={(event) => setPreference("datum", event.target.value)}
      >
        {offeredAt(view, readout).map((option) => (
          <option key={option} value={option}>
            {t(`readout.${option}`)}
            {option !== readout && zoneAt(view, option) ? ` · ${zoneAt(view, option)?.code}` : ""}
            {option === readout && !t(`readout.${option}`).startsWith(name) ? ` · ${name}` : ""}
          </option>
        ))}
      </select>
    </div>
  );
}
