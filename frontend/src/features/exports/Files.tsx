/** The person's files of the last day: those being written with their progress, the others to fetch again. */
import { useTranslation } from "react-i18next";
import { type ExportFile, useExports, useRemoveExport } from "@/api/exports";
import { useMe } from "@/api/session";
import type { LayerInfo } from "@/api/types";
import { formatNumber, formatTime } from "@/lib/format";
import { localized } from "@/lib/i18n";
import { Button, Icon, IconButton, LinkButton } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import css from "./exports.module.css";
import { fileName, problemText } from "./words";

export function Files({ layers }: { layers: readonly LayerInfo[] }) {
  const { t } = useTranslation("exports");
  const files = useExports();
  if (files.isError) return <TryAgain error={files.error} again={files.refetch} />;
  if (!files.data?.length) return null;
  return (
    <section className={css.files} aria-label={t("files")}>
      <h3>{t("files")}</h3>
      <ul>
        {files.data.map((file) => (
          <li key={file.id}>
            <Row file={file} title={localized(layers.find(({ id }) => id === file.what)?.title) || file.what} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Row({ file, title }: { file: ExportFile; title: string }) {
  const { t } = useTranslation(["exports", "common"]);
  const { zone } = useMe().utility;
  const remove = useRemoveExport();
  const name = fileName(title, file);
  return (
    <>
      <Icon name={file.state === "failed" ? "warning" : "download"} size={18} />
      <div className={css.what}>
        <strong>{name}</strong>
        {file.state === "working" ? (
          <>
            <progress aria-label={name} max={file.total || 1} value={file.done} />
            <small>{t("progress", { done: formatNumber(file.done), total: formatNumber(file.total) })}</small>
          </>
        ) : file.state === "failed" ? (
          <small className={css.wrong}>{problemText(file)}</small>
        ) : (
          <small>
            {[
              t("rowsOf", { count: file.done, shown: formatNumber(file.done) }),
              sizeOf(file.file_bytes ?? 0),
              t("until", { time: formatTime(file.expires_at, zone) }),
            ].join(" · ")}
          </small>
        )}
      </div>
      {file.file && (
        <LinkButton href={file.file} icon="download">
          {t("download")}
        </LinkButton>
      )}
      {file.state === "working" ? (
        <Button disabled={remove.isPending} onClick={() => remove.mutate(file.id)}>
          {t("common:cancel")}
        </Button>
      ) : (
        <IconButton
          icon="trash"
          label={t("remove", { name })}
          disabled={remove.isPending}
          onClick={() => remove.mutate(file.id)}
        />
      )}
    </>
  );
}

function sizeOf(bytes: number): string {
  return bytes < 1_000_000
    ? `${formatNumber(Math.ceil(bytes / 1_000))} kB`
    : `${formatNumber(bytes / 1_000_000, 1)} MB`;
}
