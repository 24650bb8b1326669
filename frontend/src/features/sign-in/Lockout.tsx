/** Too many tries: how long to wait, counting down. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { isProblem } from "@/api/problem";
import { formatClock } from "@/lib/format";
import { Message } from "@/lib/ui";
import css from "./sign-in.module.css";

export interface LockoutState {
  isOn: boolean;
  remaining_s: number;
}

/** null: the error is no lockout. Counts down from the moment the refusal came. */
export function useLockout(error: unknown): LockoutState | null {
  const wait_s = isProblem(error) && error.status === 429 ? Number(error.body.retry_after) || 60 : null;
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(() => Date.now());

  useEffect(() => {
    // A refusal like the one before starts the clock anew.
    if (!error || wait_s === null) return;
    setUntil(Date.now() + wait_s * 1_000);
    setNow(Date.now());
    const tick = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(tick);
  }, [error, wait_s]);

  if (wait_s === null) return null;
  const remaining_s = Math.max(0, Math.ceil((until - now) / 1_000));
  return { isOn: remaining_s > 0, remaining_s };
}

export function Lockout({ lockout }: { lockout: LockoutState | null }) {
  const { t } = useTranslation("sign-in");
  if (!lockout) return null;
  if (!lockout.isOn) return <Message>{t("lockout.over")}</Message>;
  return (
    <div className={css.lockout}>
      {/* The sentence is read out once; the clock beside it is for the eyes, and is read when it is asked for. */}
      <Message tone="critical">{t("lockout.text")}</Message>
      <div role="timer" aria-label={t("lockout.remaining")}>
        {formatClock(lockout.remaining_s)}
      </div>
    </div>
  );
}
