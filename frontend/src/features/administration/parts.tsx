/** What the tabs share: an instant in words, a question before what cannot be taken back, a list that could not be read. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { formatMoment, formatWhen } from "@/lib/format";
import { Button, Dialog, Loading, Message } from "@/lib/ui";
import { errorRequestId } from "@/lib/ui/errors";
import { useNow } from "@/lib/ui/Time";
import { refusalText } from "./act";
import css from "./administration.module.css";

/** "3 minutes ago" or "in 2 hours", the exact time in its title; `never` where there is none. */
export function When({ at, never }: { at: string | null | undefined; never: string }) {
  const { zone } = useMe().utility;
  const now = useNow();
  if (!at) return <span className={css.faint}>{never}</span>;
  return (
    <time dateTime={at} title={formatMoment(at, zone)}>
      {formatWhen(at, now)}
    </time>
  );
}

interface Reading {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

/** Waiting, or why it could not be read and another try; nothing when it is there. */
export function Unread({ reading }: { reading: Reading }) {
  const { t } = useTranslation("common");
  if (reading.isPending) return <Loading />;
  if (!reading.isError) return null;
  return (
    <div className={css.unread}>
      <Message tone="critical" requestId={errorRequestId(reading.error)}>
        <p>{refusalText(reading.error)}</p>
        <Button onClick={() => void reading.refetch()}>{t("tryAgain")}</Button>
      </Message>
    </div>
  );
}

export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <Message tone="critical" requestId={errorRequestId(error)}>
      {refusalText(error)}
    </Message>
  );
}

/** A button that asks first. `onYes` resolves to the error, which the question then shows. */
export function AskButton({
  label,
  title,
  children,
  yes,
  danger = true,
  onYes,
  className,
}: {
  label: ReactNode;
  title: string;
  children: ReactNode;
  yes: string;
  danger?: boolean;
  onYes: () => Promise<unknown>;
  className?: string | undefined;
}) {
  const { t } = useTranslation("common");
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const ask = (asked: boolean) => {
    setError(null);
    setOpen(asked);
  };
  const doIt = async () => {
    setBusy(true);
    const refused = await onYes();
    setBusy(false);
    if (refused) setError(refused);
    else setOpen(false);
  };
  return (
    <>
      <Button kind={danger ? "danger" : "default"} className={className} onClick={() => ask(true)}>
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
            <Button kind={danger ? "danger" : "primary"} disabled={busy} onClick={() => void doIt()}>
              {yes}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
