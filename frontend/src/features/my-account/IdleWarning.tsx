/** Two minutes before an unused session ends: stay, or let it end. Once per page; another window may have stayed already. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { idleWarning } from "@/api/idle";
import { dismissIdleWarning, signInAgain, staySignedIn, useSignOut } from "@/api/session";
import { formatClock } from "@/lib/format";
import { useStore } from "@/lib/store";
import { Button, Dialog } from "@/lib/ui";
import css from "./my-account.module.css";

export default function IdleWarning() {
  const { t } = useTranslation("my-account");
  const warning = useStore(idleWarning);
  const close = () => {
    // The dialog also closes by itself, when the time is over or another window stayed: nobody said anything then.
    const open = idleWarning.get();
    if (open?.isFinal) dismissIdleWarning();
    else if (open) void staySignedIn();
  };
  return (
    <Dialog title={t("idle.title")} open={warning !== null} onClose={close}>
      {warning && <Body endsAt={warning.endsAt} isFinal={warning.isFinal} />}
    </Dialog>
  );
}

function Body({ endsAt, isFinal }: { endsAt: number; isFinal: boolean }) {
  const { t } = useTranslation("my-account");
  const signOut = useSignOut();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(tick);
  }, []);

  return (
    <div className={css.form}>
      <p role="alert">{t(isFinal ? "idle.final" : "idle.text")}</p>
      <div className={css.clock} role="timer" aria-label={t("idle.remaining")}>
        {formatClock(Math.max(0, Math.ceil((endsAt - now) / 1_000)))}
      </div>
      <div className={css.actions}>
        <Button kind="primary" data-first="" onClick={isFinal ? signInAgain : () => void staySignedIn()}>
          {t(isFinal ? "idle.again" : "idle.stay")}
        </Button>
        <Button icon="signOut" onClick={() => signOut.mutate()}>
          {t("account:signOut")}
        </Button>
      </div>
    </div>
  );
}
