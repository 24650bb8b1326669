/** What only the person may do at their own open screen: the password is asked for once more. */
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isProblem } from "@/api/problem";
import { useMe } from "@/api/session";
import { Button } from "@/lib/ui";
import { PasswordField } from "@/lib/ui/PasswordField";
import { useFocusOnWrong } from "@/lib/ui/use-wrong-field";
import css from "./my-account.module.css";
import { Refusal } from "./Refusal";

interface Request {
  isPending: boolean;
  error: unknown;
}

export function ConfirmPassword({
  text,
  submit,
  isDanger,
  request,
  onPassword,
  onCancel,
}: {
  text: string;
  submit: string;
  isDanger?: boolean;
  request: Request;
  onPassword: (password: string) => void;
  onCancel?: (() => void) | undefined;
}) {
  const { t } = useTranslation("my-account");
  const { username } = useMe();
  const [password, setPassword] = useState("");
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, request.error);

  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts(attempts + 1);
    if (password && !request.isPending) onPassword(password);
  };
  const wrong = wrongPassword(request.error) ? t("password.wrong") : undefined;
  return (
    <form ref={form} className={css.form} onSubmit={onSubmit} noValidate>
      <p>{text}</p>
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <PasswordField
        label={t("password.current")}
        name="password"
        autoComplete="current-password"
        autoFocus
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={attempts > 0 && !password ? t("required") : wrong}
      />
      <Refusal error={wrong ? null : request.error} />
      <div className={css.actions}>
        <Button type="submit" kind={isDanger ? "danger" : "primary"} disabled={request.isPending}>
          {submit}
        </Button>
        {onCancel && <Button onClick={onCancel}>{t("common:cancel")}</Button>}
      </div>
    </form>
  );
}

/** The server says so by a code, or at the field. */
export function wrongPassword(error: unknown): boolean {
  return isProblem(error) && (error.code === "bad_credentials" || "password" in error.fieldErrors);
}
