/** The steps of signing in: name and password, the second step, a forgotten password. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAskForReset } from "@/api/account";
import { csrfToken } from "@/api/http";
import { isProblem } from "@/api/problem";
import { useSecondFactor, useSignIn, useSignInInfo } from "@/api/session";
import type { SignInInfo } from "@/api/types";
import { Button, Message, TextField } from "@/lib/ui";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { PasswordField } from "@/lib/ui/PasswordField";
import { useFocusOnWrong } from "@/lib/ui/use-wrong-field";
import { keepAddress } from "@/lib/url-state";
import { Lockout, useLockout } from "./Lockout";
import css from "./sign-in.module.css";

export type Step = "password" | "code" | "forgotten";

interface StepProps {
  onStep: (step: Step) => void;
}

/** Plain forms that password managers and paste understand (WCAG 3.3.8). `username`: who was here before. */
export function SignInSteps({ step, onStep, username = "" }: StepProps & { step: Step; username?: string }) {
  const [name, setName] = useState(username);
  const [ways, setWays] = useState<readonly string[]>([]);
  const [isLate, setIsLate] = useState(false);
  const go = (next: Step) => {
    setIsLate(false);
    onStep(next);
  };

  if (step === "forgotten") return <Forgotten name={name} onStep={go} />;
  if (step === "code")
    return (
      <Code
        ways={ways}
        onStep={go}
        onLate={() => {
          onStep("password");
          setIsLate(true);
        }}
      />
    );
  return (
    <Password
      name={name}
      onName={setName}
      isLate={isLate}
      onStep={go}
      onCode={(offered) => {
        setWays(offered);
        go("code");
      }}
    />
  );
}

function Password({
  name,
  onName,
  isLate,
  onStep,
  onCode,
}: StepProps & { name: string; onName: (name: string) => void; isLate: boolean; onCode: (ways: string[]) => void }) {
  const { t } = useTranslation(["sign-in", "errors"]);
  const info = useSignInInfo().data;
  const signIn = useSignIn();
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(true);
  const [attempts, setAttempts] = useState(0);
  const [missing, setMissing] = useState<readonly string[]>([]);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, signIn.error);
  const refusedFor = signIn.variables?.username;
  const lockout = useLockout(signIn.error);
  // The clock is the one name's: whoever types another need not wait for it.
  const mustWait = lockout?.isOn && name.trim() === refusedFor;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const empty = [...(name.trim() ? [] : ["username"]), ...(password ? [] : ["password"])];
    setMissing(empty);
    setAttempts(attempts + 1);
    if (empty.length || signIn.isPending) return;
    try {
      const second = await signIn.mutateAsync({ username: name.trim(), password, remember_device: remember });
      if (second) onCode(second.ways);
    } catch (error) {
      if (isProblem(error, "bad_credentials")) setPassword("");
    }
  };

  const refused = isProblem(signIn.error, "bad_credentials");
  const error = (field: string, value: string) => (missing.includes(field) && !value ? t("required") : undefined);
  return (
    <>
      {isLate && !signIn.isError && <Message tone="warning">{t("tooLate")}</Message>}
      {signIn.isError && !lockout && (
        <Message tone="critical" requestId={refused ? undefined : errorRequestId(signIn.error)}>
          {errorText(signIn.error, t)}
        </Message>
      )}
      <Lockout lockout={name.trim() === refusedFor ? lockout : null} />
      <form ref={form} className={css.form} onSubmit={submit} noValidate>
        <TextField
          label={t("username")}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus={!name}
          value={name}
          onChange={(event) => onName(event.target.value)}
          error={error("username", name.trim())}
        />
        <PasswordField
          label={t("password")}
          name="password"
          autoComplete="current-password"
          autoFocus={!!name}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={error("password", password)}
          aria-invalid={!password && (refused || missing.includes("password")) ? true : undefined}
        />
        <label className={css.check}>
          <input
            type="checkbox"
            name="remember_device"
            checked={remember}
            onChange={(event) => setRemember(event.target.checked)}
          />
          <span>
            {t("remember")}
            <small>{t("rememberWhy")}</small>
          </span>
        </label>
        <Button type="submit" kind="primary" disabled={signIn.isPending || mustWait}>
          {t(signIn.isPending ? "working" : "submit")}
        </Button>
        <Button kind="quiet" onClick={() => onStep("forgotten")}>
          {t("forgotten.open")}
        </Button>
      </form>
      {info && info.providers.length > 0 && <Providers providers={info.providers} />}
    </>
  );
}

/** Sign-in with an account of the organisation: its own page asks, and sends the person back to this address. */
function Providers({ providers }: { providers: SignInInfo["providers"] }) {
  const { t } = useTranslation("sign-in");
  return (
    <div className={css.providers}>
      <span>{t("or")}</span>
      {providers.map((provider) => (
        <form key={provider.id} method="post" action={provider.url} onSubmit={keepAddress}>
          <input type="hidden" name="csrfmiddlewaretoken" value={csrfToken()} />
          <Button type="submit" icon="key">
            {t("with", { name: provider.name })}
          </Button>
        </form>
      ))}
    </div>
  );
}

function Code({ ways, onStep, onLate }: StepProps & { ways: readonly string[]; onLate: () => void }) {
  const { t } = useTranslation(["sign-in", "errors"]);
  const check = useSecondFactor();
  const [way, setWay] = useState<"totp" | "recovery_code">(ways.includes("totp") ? "totp" : "recovery_code");
  const [code, setCode] = useState("");
  const [missing, setMissing] = useState(false);
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, check.error);
  const lockout = useLockout(check.error);
  const isLate = isProblem(check.error, "not_pending");

  useEffect(() => {
    if (isLate) onLate();
  }, [isLate, onLate]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMissing(!code.trim());
    setAttempts(attempts + 1);
    if (!code.trim() || check.isPending) return;
    check.mutate(code.replace(/\s/g, ""));
  };

  const wrong = isProblem(check.error, "bad_code");
  const other = way === "totp" ? "recovery_code" : "totp";
  return (
    <>
      {check.isError && !lockout && !isLate && (
        <Message tone="critical" requestId={wrong ? undefined : errorRequestId(check.error)}>
          {wrong ? t(`code.${way}.wrong`) : errorText(check.error, t)}
        </Message>
      )}
      <Lockout lockout={lockout} />
      <form ref={form} className={css.form} onSubmit={submit} noValidate>
        <TextField
          key={way}
          label={t(`code.${way}.label`)}
          help={t(`code.${way}.help`)}
          name="code"
          className={css.code}
          autoComplete={way === "totp" ? "one-time-code" : "off"}
          inputMode={way === "totp" ? "numeric" : "text"}
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          maxLength={20}
          value={code}
          onChange={(event) => {
            setCode(event.target.value);
            if (wrong) check.reset();
          }}
          error={missing && !code.trim() ? t("required") : undefined}
          aria-invalid={wrong || (missing && !code.trim()) || undefined}
        />
        <Button type="submit" kind="primary" disabled={check.isPending || lockout?.isOn}>
          {t(check.isPending ? "working" : "code.submit")}
        </Button>
        {ways.includes(other) && (
          <Button
            kind="quiet"
            onClick={() => {
              setWay(other);
              setCode("");
              setMissing(false);
              check.reset();
            }}
          >
            {t(`code.${other}.use`)}
          </Button>
        )}
        <Button kind="quiet" icon="chevronLeft" onClick={() => onStep("password")}>
          {t("back")}
        </Button>
      </form>
    </>
  );
}

function Forgotten({ name, onStep }: StepProps & { name: string }) {
  const { t } = useTranslation(["sign-in", "errors"]);
  const ask = useAskForReset();
  const [who, setWho] = useState(name);
  const [missing, setMissing] = useState(false);
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, ask.error);
  const lockout = useLockout(ask.error);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMissing(!who.trim());
    setAttempts(attempts + 1);
    if (who.trim() && !ask.isPending) ask.mutate(who.trim());
  };

  const back = (
    <Button kind="quiet" icon="chevronLeft" onClick={() => onStep("password")}>
      {t("back")}
    </Button>
  );
  if (ask.isSuccess)
    return (
      <div className={css.form}>
        <Message>{t("forgotten.sent")}</Message>
        {back}
      </div>
    );
  return (
    <>
      {ask.isError && !lockout && (
        <Message tone="critical" requestId={errorRequestId(ask.error)}>
          {errorText(ask.error, t)}
        </Message>
      )}
      <Lockout lockout={lockout} />
      <form ref={form} className={css.form} onSubmit={submit} noValidate>
        <p>{t("forgotten.text")}</p>
        <TextField
          label={t("forgotten.who")}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          value={who}
          onChange={(event) => setWho(event.target.value)}
          error={missing && !who.trim() ? t("required") : undefined}
        />
        <Button type="submit" kind="primary" disabled={ask.isPending || lockout?.isOn}>
          {t("forgotten.submit")}
        </Button>
        {back}
      </form>
    </>
  );
}
