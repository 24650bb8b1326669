/** All keys that work now, from the one table. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useShortcutList, useShortcuts } from "@/lib/shortcuts";
import { Dialog } from "@/lib/ui";
import { urlState, useUrl } from "@/lib/url-state";
import css from "./shortcuts.module.css";

const FIXED = [
  { keys: "Escape", label: "shortcuts:escape" },
  { keys: "← ↑ → ↓", label: "shortcuts:pan" },
] as const;

export default function ShortcutList() {
  const { t } = useTranslation("shortcuts");
  const { help } = useUrl();
  const list = useShortcutList();
  const close = () => urlState.set({ help: null }, { replace: true });

  useShortcuts(
    useMemo(
      () => [{ keys: "?", label: "shortcuts:list", run: () => urlState.set({ help: "keys" }, { replace: true }) }],
      [],
    ),
  );

  const rows = [...list, ...FIXED].filter(
    (row, index, all) => all.findIndex((other) => other.keys === row.keys && other.label === row.label) === index,
  );
  return (
    <Dialog title={t("title")} open={help === "keys"} onClose={close} wide>
      <dl className={css.list}>
        {rows.map(({ keys, label }) => (
          <div key={`${keys}${label}`}>
            <dt>{t(label)}</dt>
            <dd>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key === "Escape" ? "Esc" : key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p className={css.note}>{t("note")}</p>
    </Dialog>
  );
}
