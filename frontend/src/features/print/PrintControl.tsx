/** The button in the map's column, and its key. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useShortcuts } from "@/lib/shortcuts";
import { Icon } from "@/lib/ui";
import { urlState, useUrl } from "@/lib/url-state";
import css from "./print.module.css";

const toggle = () => urlState.set({ print: urlState.get().print ? null : "1" });

export default function PrintControl() {
  const { t } = useTranslation("print");
  const { print } = useUrl();
  useShortcuts(useMemo(() => [{ keys: "p", label: "print:keys.open", run: toggle }], []));
  return (
    <div className={css.control}>
      <button type="button" aria-label={t("open")} title={`${t("open")} (p)`} aria-pressed={!!print} onClick={toggle}>
        <Icon name="print" size={18} />
      </button>
    </div>
  );
}
