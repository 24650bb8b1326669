/** Sign-in over the map after idle time: what was open and typed waits behind it, out of sight. */
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { forgetSession, sessionEnd, useMe } from "@/api/session";
import { useStore } from "@/lib/store";
import { Button, Icon } from "@/lib/ui";
import { LanguageChoice } from "@/lib/ui/GatePage";
import gate from "@/lib/ui/gate.module.css";
import { SignInSteps, type Step } from "./SignInSteps";
import css from "./sign-in.module.css";

export default function SignInCover() {
  const { t } = useTranslation("sign-in");
  const me = useMe();
  const isAged = useStore(sessionEnd) === "aged";
  const ref = useRef<HTMLDialogElement>(null);
  const [step, setStep] = useState<Step>("password");
  const headingId = useId();
  const reasonId = useId();

  useEffect(() => {
    // A modal dialog is the one thing that lies over other dialogs, and takes what is behind it from every keyboard.
    const dialog = ref.current;
    dialog?.setAttribute("closedby", "none");
    dialog?.showModal();
    // The name is there already.
    dialog?.querySelector<HTMLElement>("[name=password]")?.focus();
    return () => dialog?.close();
  }, []);

  return (
    <dialog
      ref={ref}
      className={css.cover}
      aria-labelledby={headingId}
      aria-describedby={reasonId}
      onCancel={(event) => event.preventDefault()}
    >
      <section className={gate.box}>
        <div className={css.ended}>
          <Icon name="lock" size={24} />
          <div>
            <h1 id={headingId}>{t(step === "password" ? "ended.title" : `titles.${step}`)}</h1>
            <p id={reasonId}>{isAged ? t("ended.aged") : t("ended.text", { count: me.session.idle_minutes })}</p>
          </div>
        </div>
        <SignInSteps step={step} onStep={setStep} username={me.username} />
        <Button kind="quiet" onClick={() => void forgetSession()}>
          {t("ended.other")}
        </Button>
        <LanguageChoice />
      </section>
    </dialog>
  );
}
