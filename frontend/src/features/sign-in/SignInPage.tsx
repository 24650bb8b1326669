/** Sign-in: a plain form that password managers and paste understand (WCAG 3.3.8). */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSignIn } from "@/api/session";
import { LANGUAGES, setLanguage } from "@/lib/i18n";
import { Button, Message, TextField } from "@/lib/ui";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import css from "./sign-in.module.css";

export default function SignInPage() {
  const { t, i18n } = useTranslation(["sign-in", "errors"]);
  const signIn = useSignIn();
  const form = useRef<HTMLFormElement>(null);
  const [missing, setMissing] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState(false);

  useEffect(() => {
    document.title = `${t("title")} · GridAtlas`;
    return () => {
      document.title = "GridAtlas";
    };
  }, [t]);

  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const username = String(fields.get("username") ?? "").trim();
    const password = String(fields.get("password") ?? "");
    const empty = [...(username ? [] : ["username"]), ...(password ? [] : ["password"])];
    setMissing(new Set(empty));
    if (empty[0]) {
      form.current?.querySelector<HTMLInputElement>(`[name=${empty[0]}]`)?.focus();
      return;
    }
    signIn.mutate({ username, password });
  };

  return (
    <main className={css.page}>
      <div className={css.art} aria-hidden="true" />
      <section className={css.box}>
        <div className={css.brand}>
          <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width="40" height="40" />
          <div>
            <strong>GridAtlas</strong>
            <span>{t("product")}</span>
          </div>
        </div>
        <h1>{t("title")}</h1>
        {signIn.isError && (
          <Message tone="critical" requestId={errorRequestId(signIn.error)}>
            {errorText(signIn.error, t)}
          </Message>
        )}
        <form ref={form} onSubmit={onSubmit} noValidate>
          <TextField
            label={t("username")}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            error={missing.has("username") ? t("required") : undefined}
          />
          <TextField
            label={t("password")}
            name="password"
            type={shown ? "text" : "password"}
            autoComplete="current-password"
            error={missing.has("password") ? t("required") : undefined}
          />
          <label className={css.show}>
            <input type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} />
            {t("show")}
          </label>
          <Button type="submit" kind="primary" disabled={signIn.isPending}>
            {t(signIn.isPending ? "working" : "submit")}
          </Button>
        </form>
        <div className={css.languages}>
          {LANGUAGES.map(({ code, label, tag }) => (
            <button
              key={code}
              type="button"
              lang={tag}
              aria-pressed={i18n.language === code}
              onClick={() => setLanguage(code)}
            >
              {label}
            </button>
          ))}
        </div>
      </section>
    </main>
  );
}
