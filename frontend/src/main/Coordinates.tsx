/** Coordinates under the pointer, else of the centre, in the datum of the person's choice; a press copies them. */
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
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
  const shown = pointer ?? view;
  const { text, name } = written(shown, readout);

  const copy = useCallback(async () => {
    const { exact, name } = written(map.pointer.get() ?? map.settled.get(), readout);
    if (await copyText(exact)) notify({ kind: "done", text: `${t("copied")}: ${exact} (${name})`, lasts: 2_500 });
  }, [map, readout, t]);
  useShortcuts(useMemo(() => [{ keys: "c", label: "common:keys.copyCoordinates", run: () => void copy() }], [copy]));

  return (
    <div className={css.coordinates}>
      <button type="button" title={t(pointer ? "atPointer" : "atCentre")} onClick={() => void copy()}>
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
