/** Button in the column of map controls: opens the tools and the result. */
import { useTranslation } from "react-i18next";
import { MapButton } from "@/lib/ui/MapButton";
import { urlState, useUrl } from "@/lib/url-state";

export default function DrawControl() {
  const { t } = useTranslation("draw");
  const open = useUrl().panel === "draw";
  return (
    <MapButton
      icon="draw"
      label={t("title")}
      keys="D"
      pressed={open}
      onClick={() => urlState.set({ panel: open ? null : "draw" })}
    />
  );
}
