/** The key u: take back my last saved move of the selected customer. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { readHistory } from "@/api/moves";
import { useMay, useMe } from "@/api/session";
import type { Move } from "@/api/types";
import { useMapLayers } from "@/layers/context";
import { takeBack } from "@/layers/moves";
import { formatAge } from "@/lib/format";
import { notify } from "@/lib/notices";
import { useShortcuts } from "@/lib/shortcuts";
import { Button, Dialog } from "@/lib/ui";
import { errorText } from "@/lib/ui/errors";
import { parseSelection, urlState } from "@/lib/url-state";
import { useMap } from "@/map/context";
import css from "./history.module.css";
import { lastOwnMove, movedSince } from "./journal";

interface Question {
  customerId: number;
  move: Move;
  newest: Move;
  since: Move;
}

export default function UndoKey() {
  const { t } = useTranslation(["history", "errors"]);
  const map = useMap();
  const layers = useMapLayers();
  const me = useMe();
  const may = useMay("move");
  const [question, setQuestion] = useState<Question | null>(null);

  useShortcuts(
    useMemo(
      () =>
        may
          ? [
              {
                keys: "u",
                label: "history:keys.undo",
                when: () => !map.mode.get() && parseSelection(urlState.get().sel)?.layer === "customers",
                run: async () => {
                  const customerId = parseSelection(urlState.get().sel)?.id;
                  if (customerId === undefined) return;
                  try {
                    const journal = await readHistory(customerId);
                    const move = lastOwnMove(journal, me.username);
                    const newest = journal[0];
                    if (!move || !newest) {
                      notify({ kind: "info", text: t("nothingMine") });
                      return;
                    }
                    const since = movedSince(journal, move, me.username);
                    if (since) setQuestion({ customerId, move, newest, since });
                    else await takeBack(layers, customerId, move, { baseVersion: newest.version });
                  } catch (error) {
                    notify({ kind: "error", text: errorText(error, t) });
                  }
                },
              },
            ]
          : [],
      [layers, map, may, me.username, t],
    ),
  );

  const close = () => setQuestion(null);
  return (
    <Dialog title={t("since.title")} open={question !== null} onClose={close}>
      {question && (
        <>
          <p>
            {t("since.text", {
              who: question.since.actor_name || question.since.actor,
              age: formatAge(question.since.at, new Date()),
            })}
          </p>
          <div className={css.dialogRow}>
            <Button
              kind="primary"
              onClick={() => {
                close();
                void takeBack(layers, question.customerId, question.move, { baseVersion: question.newest.version });
              }}
            >
              {t("since.yes")}
            </Button>
            <Button data-first onClick={close}>
              {t("since.no")}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}
