/** Drop or choose a file; below, the imports of late: each can be opened again. */
import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type CustomerImport, imports, isWorking, useImports } from "@/api/imports";
import { useMe } from "@/api/session";
import { formatNumber } from "@/lib/format";
import { Button, Chip, Empty, Icon, Loading, Message, type Tone } from "@/lib/ui";
import { Refusal, TryAgain } from "@/lib/ui/refusal";
import { Age } from "@/lib/ui/Time";
import { goTo } from "./address";
import css from "./import.module.css";
import { Bar } from "./parts";
import { type FileRefusal, fileRefusal } from "./rules";

const ACCEPTED = ".csv,.tsv,.txt,.xlsx,.gpkg,.zip,.geojson,.json,.kml,.dxf";

export function StartStep() {
  const { t } = useTranslation("import");
  return (
    <div className={css.step}>
      <Drop />
      <section className={css.recent} aria-labelledby="recent-imports">
        <h2 id="recent-imports">{t("start.recent")}</h2>
        <Recent />
      </section>
    </div>
  );
}

interface Upload {
  name: string;
  share: number;
}

function Drop() {
  const { t } = useTranslation(["import", "common"]);
  const [upload, setUpload] = useState<Upload | null>(null);
  const [refusal, setRefusal] = useState<FileRefusal | null>(null);
  const [error, setError] = useState<unknown>(null);
  const aborter = useRef<AbortController | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => () => aborter.current?.abort(), []);

  const take = async (files: readonly File[]) => {
    const wrong = fileRefusal(files);
    const [file] = files;
    setError(null);
    setRefusal(wrong === "none" ? null : wrong);
    if (wrong || !file) return;
    const controller = new AbortController();
    aborter.current = controller;
    setUpload({ name: file.name, share: 0 });
    try {
      const onProgress = (share: number) => setUpload({ name: file.name, share });
      const imported = await imports.upload(file, { onProgress, signal: controller.signal });
      goTo(imported.id);
    } catch (refused) {
      if (!controller.signal.aborted) setError(refused);
    } finally {
      // The same file chosen again is a choice too.
      if (input.current) input.current.value = "";
      setUpload(null);
    }
  };
  const over = useDropAnywhere((files) => !upload && void take(files));

  if (upload) {
    return (
      <div className={css.sending}>
        <Bar label={t(upload.share < 1 ? "start.sending" : "start.sent", { name: upload.name })} share={upload.share} />
        <Button onClick={() => aborter.current?.abort()}>{t("common:cancel")}</Button>
      </div>
    );
  }
  return (
    <>
      <label className={css.drop} data-over={over ? "" : undefined}>
        <Icon name="upload" size={28} />
        <strong>{t("start.drop")}</strong>
        <span className={css.choose}>{t("start.choose")}</span>
        <small>{t("start.formats")}</small>
        <input
          ref={input}
          type="file"
          className="visually-hidden"
          accept={ACCEPTED}
          onChange={(event: ChangeEvent<HTMLInputElement>) => void take([...(event.target.files ?? [])])}
        />
      </label>
      {refusal && <Message tone="critical">{t(`start.refusal.${refusal}`)}</Message>}
      <Refusal error={error} />
    </>
  );
}

/** Anywhere on the page: who aims badly has dropped it too. True while a file hangs over it. */
function useDropAnywhere(take: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => setOver(holdsFiles(event));
    const exit = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length) latest.current(files);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", exit);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", exit);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return over;
}

function Recent() {
  const { t } = useTranslation(["import", "common"]);
  const list = useImports();
  if (list.isPending) return <Loading />;
  if (list.isError) return <TryAgain error={list.error} again={list.refetch} />;
  if (!list.data.length) return <Empty title={t("start.none")}>{t("start.noneHelp")}</Empty>;
  return (
    <ul className={css.imports}>
      {list.data.map((imported) => (
        <li key={imported.id}>
          <RecentImport imported={imported} />
        </li>
      ))}
    </ul>
  );
}

const TONES: Readonly<Record<CustomerImport["state"], Tone>> = {
  reading: "info",
  waiting: "warning",
  checked: "accent",
  nothing: "neutral",
  committing: "info",
  committed: "normal",
  reverting: "info",
  reverted: "neutral",
  cancelled: "neutral",
  failed: "critical",
};

function RecentImport({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const { zone } = useMe().utility;
  const { counts } = imported;
  const told = (["new", "moved", "changed", "rejected"] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => t(`counted.${name}`, { count: counts[name], shown: formatNumber(counts[name]) }));
  return (
    <button type="button" className={css.import} onClick={() => goTo(imported.id)}>
      <b>{imported.file_name}</b>
      <Chip tone={TONES[imported.state]}>{t(`state.${imported.state}`)}</Chip>
      <small>
        {imported.by} · <Age at={imported.at} zone={zone} />
        {!isWorking(imported) && told.length > 0 && ` · ${told.join(t("comma"))}`}
      </small>
    </button>
  );
}
