/** Button in the column of map controls: opens the tools and the result. */
import { useTranslation } from "react-i18next";
import { Icon } from "@/lib/ui";
import { urlState, useUrl } from "@/lib/url-state";
import css from "./draw.module.css";

export default function DrawControl() {
  const { t } = useTranslation("draw");
  const open = useUrl().panel === "draw";
  return (
    <button
      type="button"
      className={css.control}
      aria-pressed={open}
      aria-label={t("title")}
      title={`${t("title")} (D)`}
      onClick={() => urlState.set({ panel: open ? null : "draw" })}
    >
      <Icon name="draw" size={18} />
    </button>
  );
}
