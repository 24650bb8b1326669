/** Old password, new password. The other sessions of this person end by it. */
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChangePassword } from "@/api/account";
import { isProblem } from "@/api/problem";
import { useMe } from "@/api/session";
import type { PasswordRule } from "@/api/types";
import { Button } from "@/lib/ui";
import { PasswordField } from "@/lib/ui/PasswordField";
import { useFocusOnWrong } from "@/lib/ui/use-wrong-field";
import css from "./my-account.module.css";
import { isAcceptable, NewPassword } from "./NewPassword";
import { Refusal } from "./Refusal";
import { sentences } from "./sentences";

export function ChangePassword({
  rules,
  onDone,
  onCancel,
}: {
  rules: readonly PasswordRule[];
  onDone: () => void;
  onCancel?: () => void;
}) {
  const { t } = useTranslation("my-account");
  const me = useMe();
  const change = useChangePassword();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, change.error);
  const names = [me.username, me.name];

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts(attempts + 1);
    if (!old || !isAcceptable(rules, fresh, names) || change.isPending) return;
    change.mutate({ old, new: fresh }, { onSuccess: onDone });
  };

  const tried = attempts > 0;
  const fields = isProblem(change.error) ? change.error.fieldErrors : {};
  const wrongOld = isProblem(change.error, "bad_credentials") || "old" in fields;
  const oldError = tried && !old ? t("required") : wrongOld ? t("password.wrong") : undefined;
  const newError = !tried
    ? undefined
    : !fresh
      ? t("required")
      : !isAcceptable(rules, fresh, names)
        ? t("password.notYet")
        : sentences(fields.new, t);
  return (
    <form ref={form} className={css.form} onSubmit={submit} noValidate>
      <input type="text" name="username" autoComplete="username" value={me.username} readOnly hidden />
      <PasswordField
        label={t("password.current")}
        name="password"
        autoComplete="current-password"
        autoFocus
        value={old}
        onChange={(event) => setOld(event.target.value)}
        error={oldError}
      />
      <NewPassword
        rules={rules}
        names={names}
        value={fresh}
        onChange={(password) => {
          setFresh(password);
          if (change.isError) change.reset();
        }}
        error={newError}
      />
      <Refusal error={wrongOld || fields.new ? null : change.error} />
      <p className={css.muted}>{t("password.othersEnd")}</p>
      <div className={css.actions}>
        <Button type="submit" kind="primary" disabled={change.isPending}>
          {t("password.change")}
        </Button>
        {onCancel && <Button onClick={onCancel}>{t("common:cancel")}</Button>}
      </div>
    </form>
  );
}
