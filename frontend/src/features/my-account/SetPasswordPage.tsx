/** `/set-password#key=...` of an invitation or a forgotten password. The key stays behind the #: no log sees it, and it leaves the address once read. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSetPassword } from "@/api/account";
import { isProblem } from "@/api/problem";
import { useSignInInfo } from "@/api/session";
import { Button, LinkButton, Message } from "@/lib/ui";
import { GatePage } from "@/lib/ui/GatePage";
import { useFocusOnWrong } from "@/lib/ui/use-wrong-field";
import { parseHash } from "@/lib/url-state";
import css from "./my-account.module.css";
import { isAcceptable, NewPassword } from "./NewPassword";
import { Refusal } from "./Refusal";
import { sentences } from "./sentences";

export default function SetPasswordPage() {
  const { t } = useTranslation("my-account");
  const rules = useSignInInfo().data?.password_rules ?? [];
  const [key] = useState(() => parseHash(location.hash).key ?? "");
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  const set = useSetPassword();
  const [password, setPassword] = useState("");
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, set.error);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts(attempts + 1);
    if (!isAcceptable(rules, password) || set.isPending) return;
    set.mutate({ key, password });
  };

  if (set.isSuccess)
    return (
      <GatePage title={t("setPassword.doneTitle")}>
        <Message>{t("setPassword.done")}</Message>
        <LinkButton kind="primary" href="/">
          {t("setPassword.toSignIn")}
        </LinkButton>
      </GatePage>
    );
  if (!key || isProblem(set.error, "bad_key"))
    return (
      <GatePage title={t("setPassword.title")}>
        <Message tone="critical">{t(key ? "setPassword.badKey" : "setPassword.noKey")}</Message>
        <p className={css.lead}>{t("setPassword.badKeyHelp")}</p>
        <LinkButton href="/">{t("setPassword.toSignIn")}</LinkButton>
      </GatePage>
    );

  const fields = isProblem(set.error) ? set.error.fieldErrors : {};
  const error =
    attempts === 0
      ? undefined
      : !password
        ? t("required")
        : !isAcceptable(rules, password)
          ? t("password.notYet")
          : sentences(fields.password, t);
  return (
    <GatePage title={t("setPassword.title")}>
      <p className={css.lead}>{t("setPassword.text")}</p>
      <form ref={form} className={css.form} onSubmit={submit} noValidate>
        <NewPassword
          rules={rules}
          value={password}
          autoFocus
          onChange={(typed) => {
            setPassword(typed);
            if (set.isError) set.reset();
          }}
          error={error}
        />
        <Refusal error={fields.password ? null : set.error} />
        <Button type="submit" kind="primary" disabled={set.isPending}>
          {t("setPassword.submit")}
        </Button>
      </form>
    </GatePage>
  );
}
