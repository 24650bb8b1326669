/** Files that become a basemap: drop one, say what it is, watch it come and be made; go on with one that stopped. */
import { type ChangeEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type BasemapUpload,
  basemapAdmin,
  pause,
  type Sending,
  send,
  sendings,
  stampOf,
  useBasemapUploads,
} from "@/api/basemap-admin";
import { formatBytes } from "@/lib/format";
import { localized } from "@/lib/i18n";
import { useStore } from "@/lib/store";
import { Button, Icon, Message, TextField } from "@/lib/ui";
import { AskButton, useDeed } from "@/lib/ui/asking";
import { Refusal, Unread } from "@/lib/ui/refusal";
import { actOrThrow, refusalText } from "./act";
import css from "./administration.module.css";
import { BasemapFields, useWords } from "./BasemapFields";
import own from "./basemaps.module.css";

const ACCEPTED = ".tif,.tiff,.gtiff,.pmtiles,.mbtiles";
const MOST_BYTES = 2 * 1024 ** 3;

export function BasemapUploads() {
  const { t } = useTranslation("administration");
  const uploads = useBasemapUploads();
  const [file, setFile] = useState<File | null>(null);
  const [refusal, setRefusal] = useState("");
  const take = (files: readonly File[]) => {
    const [first] = files;
    setRefusal("");
    if (!first) return;
    const begun = uploads.data?.find(({ state, stamp }) => state === "receiving" && stamp === stampOf(first));
    if (begun) void send(begun, first);
    else if (files.length > 1) setRefusal("several");
    else if (!first.size) setRefusal("empty");
    else if (first.size > MOST_BYTES) setRefusal("tooLarge");
    else setFile(first);
  };
  return (
    <>
      {file ? <NewFile key={stampOf(file)} file={file} onDone={() => setFile(null)} /> : <Drop onFiles={take} />}
      {refusal && <Message tone="critical">{t(`basemaps.refusal.${refusal}`)}</Message>}
      {uploads.isError && <Unread reading={uploads} />}
      {!!uploads.data?.length && (
        <ul className={own.uploads} aria-label={t("basemaps.uploads")}>
          {uploads.data.map((upload) => (
            <li key={upload.id}>
              <UploadRow upload={upload} onFiles={take} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Drop({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const { t } = useTranslation("administration");
  const [over, setOver] = useState(false);
  const id = useId();
  return (
    <label
      htmlFor={id}
      className={own.drop}
      data-over={over ? "" : undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      <Icon name="upload" size={26} />
      <strong>{t("basemaps.drop")}</strong>
      <span className={own.choose}>{t("basemaps.choose")}</span>
      <small>{t("basemaps.formats")}</small>
      <FileInput id={id} onFiles={onFiles} />
    </label>
  );
}

function FileInput({ id, onFiles }: { id: string; onFiles: (files: readonly File[]) => void }) {
  return (
    <input
      id={id}
      type="file"
      className="visually-hidden"
      accept={ACCEPTED}
      onChange={(event: ChangeEvent<HTMLInputElement>) => {
        const files = [...(event.target.files ?? [])];
        // The same file chosen again is a choice too.
        event.target.value = "";
        onFiles(files);
      }}
    />
  );
}

function NewFile({ file, onDone }: { file: File; onDone: () => void }) {
  const { t } = useTranslation(["administration", "common"]);
  const { words, set } = useWords(file.name.replace(/\.[^.]*$/, "").replace(/[_-]+/g, " "));
  const [crs, setCrs] = useState("");
  const { busy, error, run } = useDeed();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("[data-first]")?.focus(), []);
  const begin = async () => {
    if (await run(() => basemapAdmin.begin(file, { ...words, crs: crs.trim().toUpperCase() }))) onDone();
  };
  return (
    <form
      ref={form}
      className={own.newFile}
      aria-label={t("basemaps.newFile")}
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <p>
        <b>{file.name}</b> <small>{formatBytes(file.size)}</small>
      </p>
      <BasemapFields words={words} set={set} />
      <CrsField value={crs} onChange={setCrs} help={t("basemaps.crsHelp")} />
      <Refusal error={error} />
      <div className={css.answers}>
        <Button onClick={onDone}>{t("common:cancel")}</Button>
        <Button kind="primary" icon="upload" type="submit" disabled={busy || !words.title_en.trim()}>
          {t("basemaps.upload")}
        </Button>
      </div>
    </form>
  );
}

function CrsField({ value, onChange, help }: { value: string; onChange: (crs: string) => void; help: string }) {
  const { t } = useTranslation("administration");
  return (
    <TextField
      label={t("basemaps.crs")}
      value={value}
      maxLength={12}
      placeholder="EPSG:3067"
      pattern="\s*[eE][pP][sS][gG]:[0-9]{4,6}\s*"
      help={help}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function UploadRow({ upload, onFiles }: { upload: BasemapUpload; onFiles: (files: readonly File[]) => void }) {
  const { t } = useTranslation("administration");
  const sending = useStore(sendings)[upload.id];
  const inputId = useId();
  const title = localized(upload.title as { en: string; zh: string });
  return (
    <article className={own.upload} data-state={upload.state}>
      <p>
        <b>{title}</b>{" "}
        <small>{`${upload.file_name} · ${formatBytes(upload.bytes)}${upload.by ? ` · ${upload.by}` : ""}`}</small>
      </p>
      <Progress upload={upload} sending={sending} />
      {!!sending?.error && <Message tone="critical">{refusalText(sending.error)}</Message>}
      {upload.problem && <Problem upload={upload} />}
      <div className={css.deeds}>
        {upload.state === "receiving" &&
          (sending && sending.state !== "paused" ? (
            <Button icon="pause" onClick={() => pause(upload.id)}>
              {t("basemaps.pause")}
            </Button>
          ) : (
            <label className={own.goOn} htmlFor={inputId}>
              <Icon name="play" size={16} />
              {t("basemaps.goOn")}
              <FileInput id={inputId} onFiles={onFiles} />
            </label>
          ))}
        <AskButton
          label={t("basemaps.giveUp")}
          title={t("basemaps.giveUpTitle", { name: title })}
          yes={t("basemaps.giveUp")}
          onYes={() => actOrThrow(() => basemapAdmin.giveUp(upload.id), t("basemaps.givenUp", { name: title }))}
        >
          <p>{t("basemaps.giveUpHelp")}</p>
        </AskButton>
      </div>
    </article>
  );
}

function Progress({ upload, sending }: { upload: BasemapUpload; sending: Sending | undefined }) {
  const { t } = useTranslation("administration");
  const id = useId();
  const { state, received, bytes, share } = upload;
  if (state === "failed") return null;
  const percent = Math.floor((state === "receiving" ? received / bytes : share) * 100);
  const word = state === "receiving" ? (sending?.state ?? "paused") : state;
  return (
    <div className={own.progress}>
      <label htmlFor={id}>
        {t(`basemaps.state.${word}`, { percent, received: formatBytes(received), bytes: formatBytes(bytes) })}
      </label>
      <progress id={id} max={100} {...(state === "waiting" ? {} : { value: percent })} />
    </div>
  );
}

function Problem({ upload }: { upload: BasemapUpload }) {
  const { t } = useTranslation("administration");
  const [crs, setCrs] = useState("");
  const { busy, error, run } = useDeed();
  const { code = "", text = "" } = upload.problem ?? {};
  const asked = code === "no_crs";
  return (
    <>
      <Message tone="critical">{t(`basemaps.problem.${code}`, { defaultValue: text })}</Message>
      {(asked || code === "interrupted" || code === "killed") && (
        <form
          className={own.again}
          onSubmit={(event) => {
            event.preventDefault();
            void run(() => basemapAdmin.makeAgain(upload.id, crs.trim().toUpperCase()));
          }}
        >
          {asked && <CrsField value={crs} onChange={setCrs} help={t("basemaps.crsAsked")} />}
          <Button type="submit" kind="primary" disabled={busy || (asked && !crs.trim())}>
            {t("basemaps.again")}
          </Button>
          <Refusal error={error} />
        </form>
      )}
    </>
  );
}
