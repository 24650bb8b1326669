/** All keys that work now, from the one table. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useShortcutList, useShortcuts } from "@/lib/shortcuts";
import { Dialog } from "@/lib/ui";
import { urlState, useUrl } from "@/lib/url-state";
import css from "./shortcuts.module.css";

/** As a person looks for them: find, change, lists, map, the rest. */
const ORDER = [
  "/",
  "m",
  "u",
  "f",
  "g c",
  "d",
  "l",
  "b",
  "+",
  "-",
  "← ↑ → ↓",
  "g m",
  "g h",
  "Enter",
  "c",
  "Escape",
  "?",
];

/** One row for what is done, by its first key (= does what + does); keys nobody placed come last. */
export function inOrder<Row extends { keys: string; label: string }>(rows: readonly Row[]): Row[] {
  const place = ({ keys }: Row) => (ORDER.includes(keys) ? ORDER.indexOf(keys) : ORDER.length);
  return rows
    .filter((row, index) => rows.findIndex((other) => other.label === row.label) === index)
    .sort((a, b) => place(a) - place(b));
}

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

  const rows = inOrder([...list, ...FIXED]);
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
