/** Files that are written in the background: told when they are done, wherever the person is then, also after a reload. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { type ExportFile, useExports } from "@/api/exports";
import { dropDraft, keepDraft, readDraft } from "@/lib/drafts";
import { notify } from "@/lib/notices";
import { createStore, useStore } from "@/lib/store";
import { type Awaited, download, over } from "./rules";
import { problemText } from "./words";

const KEY = "exports.awaited";
const awaited = createStore<readonly Awaited[]>(readDraft<Awaited[]>(KEY)?.value ?? []);

export function awaitFile(file: ExportFile, name: string): void {
  remember([...awaited.get(), { id: file.id, name, since: Date.now() }]);
}

function remember(files: readonly Awaited[]): void {
  if (files.length) keepDraft(KEY, files);
  else dropDraft(KEY);
  awaited.set(files);
}

export function useFinishedNotices(): void {
  const { t } = useTranslation("exports");
  const waiting = useStore(awaited);
  const { data, dataUpdatedAt } = useExports(waiting.length > 0);
  useEffect(() => {
    if (!data) return;
    const finished = over(waiting, data, dataUpdatedAt);
    if (!finished.length) return;
    remember(waiting.filter((one) => !finished.includes(one)));
    for (const { id, name } of finished) {
      const file = data.find((candidate) => candidate.id === id);
      const address = file?.file;
      if (address)
        notify({
          kind: "done",
          text: t("finished", { name }),
          action: { label: t("download"), run: () => download(address) },
          lasts: 60_000,
        });
      else if (file) notify({ kind: "error", text: `${name}: ${problemText(file)}` });
    }
  }, [data, dataUpdatedAt, waiting, t]);
}
