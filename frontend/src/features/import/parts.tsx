/** What the steps share: doing something once, a question before it, why it was refused, the file's name. */
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CustomerImport } from "@/api/imports";
import { formatBytes, formatNumber } from "@/lib/format";
import { Button, Dialog, type IconName, Message } from "@/lib/ui";
import { errorRequestId } from "@/lib/ui/errors";
import css from "./import.module.css";
import { formatName, refusalText } from "./words";

/** `run` resolves to whether it was done. */
export function useDeed() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (deed: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await deed();
      return true;
    } catch (refused) {
      setError(refused);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run, forget: () => setError(null) };
}

export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <Message tone="critical" requestId={errorRequestId(error)}>
      {refusalText(error)}
    </Message>
  );
}

/** A button that asks first; the question stays, with the reason, when it is refused. */
export function AskButton({
  label,
  icon,
  kind = "danger",
  title,
  yes,
  onYes,
  children,
}: {
  label: string;
  icon?: IconName;
  kind?: "danger" | "primary";
  title: string;
  yes: string;
  onYes: () => Promise<unknown>;
  children: ReactNode;
}) {
  const { t } = useTranslation("common");
  const [open, setOpen] = useState(false);
  const { busy, error, run, forget } = useDeed();
  const ask = (asked: boolean) => {
    forget();
    setOpen(asked);
  };
  return (
    <>
      <Button kind={kind} {...(icon ? { icon } : {})} onClick={() => ask(true)}>
        {label}
      </Button>
      <Dialog title={title} open={open} onClose={() => ask(false)}>
        <div className={css.ask}>
          {children}
          <Refusal error={error} />
          <div className={css.answers}>
            <Button data-first="" onClick={() => ask(false)}>
              {t("cancel")}
            </Button>
            <Button kind={kind} disabled={busy} onClick={() => void run(onYes).then((done) => done && setOpen(false))}>
              {yes}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}

/** Name, kind and size: which file this is about stays in sight. */
export function FileLine({ imported }: { imported: CustomerImport }) {
  const { t } = useTranslation("import");
  const { detected, file_name, file_bytes } = imported;
  const rows = detected?.rows ?? null;
  const about = [
    detected && formatName(detected.format),
    rows !== null && t("rows", { count: rows, shown: formatNumber(rows) }),
    formatBytes(file_bytes),
  ].filter(Boolean);
  return (
    <p className={css.file}>
      <b title={file_name}>{file_name}</b>
      <small>{about.join(" · ")}</small>
    </p>
  );
}

/** A progress bar with its name; `share` 0 to 1, or null while nobody knows how much there is. */
export function Bar({ label, share }: { label: string; share: number | null }) {
  const id = useId();
  return (
    <div className={css.progress}>
      <label htmlFor={id}>{label}</label>
      <progress id={id} max={1} {...(share === null ? {} : { value: share })} />
    </div>
  );
}
