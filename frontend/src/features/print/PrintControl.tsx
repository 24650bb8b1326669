/** The button in the map's column, and its key. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useShortcuts } from "@/lib/shortcuts";
import { MapButton, MapButtons } from "@/lib/ui/MapButton";
import { urlState, useUrl } from "@/lib/url-state";

const toggle = () => urlState.set({ print: urlState.get().print ? null : "1" });

export default function PrintControl() {
  const { t } = useTranslation("print");
  const { print } = useUrl();
  useShortcuts(useMemo(() => [{ keys: "p", label: "print:keys.open", run: toggle }], []));
  return (
    <MapButtons>
      <MapButton icon="print" label={t("open")} keys="p" pressed={!!print} onClick={toggle} />
    </MapButtons>
  );
}
