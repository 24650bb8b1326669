/** Do something once, and ask before what cannot easily be taken back. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Dialog, type IconName } from ".";
import css from "./asking.module.css";
import { Refusal } from "./refusal";

/** `run` resolves to whether it was done; what it threw is `error` until the next try. */
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

/** A button that asks first; the question stays, with the reason, when `onYes` throws a refusal. */
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
