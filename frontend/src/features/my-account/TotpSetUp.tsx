/** Set up the second step: password, picture for the authenticator app, first code. Ends with the recovery codes. */
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useActivateTotp, useStartTotp } from "@/api/account";
import { isProblem } from "@/api/problem";
import type { TotpStart } from "@/api/types";
import { Button, TextField } from "@/lib/ui";
import { useFocusOnWrong } from "@/lib/ui/use-wrong-field";
import { ConfirmPassword } from "./ConfirmPassword";
import { CopyButton } from "./CopyButton";
import css from "./my-account.module.css";
import { Refusal } from "./Refusal";

interface Props {
  onCodes: (codes: readonly string[]) => void;
  onCancel?: () => void;
}

export function TotpSetUp(props: Props) {
  const { t } = useTranslation("my-account");
  const start = useStartTotp();
  if (start.data) return <Activate start={start.data} {...props} />;
  return (
    <ConfirmPassword
      text={t("totp.confirmFirst")}
      submit={t("totp.next")}
      request={start}
      onPassword={(password) => start.mutate(password)}
      onCancel={props.onCancel}
    />
  );
}

function Activate({ start, onCodes, onCancel }: Props & { start: TotpStart }) {
  const { t } = useTranslation("my-account");
  const activate = useActivateTotp();
  const [code, setCode] = useState("");
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, activate.error);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts(attempts + 1);
    if (!code.trim() || activate.isPending) return;
    activate.mutate(code.replace(/\s/g, ""), { onSuccess: (made) => onCodes(made.recovery_codes) });
  };

  const wrong = isProblem(activate.error, "bad_code");
  return (
    <form ref={form} className={css.form} onSubmit={submit} noValidate>
      <div className={css.scan}>
        <img
          src={`data:image/svg+xml,${encodeURIComponent(start.qr_svg)}`}
          alt={t("totp.qr")}
          width="176"
          height="176"
        />
        <div>
          <p>{t("totp.scan")}</p>
          <p className={css.muted}>{t("totp.orType")}</p>
          <div className={css.secret}>
            <code>{inFours(start.secret)}</code>
            <CopyButton text={start.secret} label={t("totp.copySecret")} />
          </div>
          <a href={start.uri}>{t("totp.openApp")}</a>
        </div>
      </div>
      <TextField
        label={t("totp.code")}
        help={t("totp.codeHelp")}
        name="code"
        className={css.code}
        autoComplete="one-time-code"
        inputMode="numeric"
        autoFocus
        maxLength={10}
        value={code}
        onChange={(event) => {
          setCode(event.target.value);
          if (wrong) activate.reset();
        }}
        error={attempts > 0 && !code.trim() ? t("required") : wrong ? t("totp.wrongCode") : undefined}
      />
      <Refusal error={activate.error} but={["bad_code"]} />
      <div className={css.actions}>
        <Button type="submit" kind="primary" disabled={activate.isPending}>
          {t("totp.activate")}
        </Button>
        {onCancel && <Button onClick={onCancel}>{t("common:cancel")}</Button>}
      </div>
    </form>
  );
}

/** As people read it out: groups of four. */
function inFours(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(" ") ?? secret;
}
