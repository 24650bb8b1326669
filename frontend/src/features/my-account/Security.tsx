/** How this person proves who they are: the second step, and the password. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useRemoveTotp, useRenewRecoveryCodes, useSecurity } from "@/api/account";
import { useMe } from "@/api/session";
import type { AccountSecurity } from "@/api/types";
import { formatTime } from "@/lib/format";
import { notify } from "@/lib/notices";
import { Button, Chip, Loading, Message } from "@/lib/ui";
import { ChangePassword } from "./ChangePassword";
import { ConfirmPassword } from "./ConfirmPassword";
import css from "./my-account.module.css";
import { RecoveryCodes } from "./RecoveryCodes";
import { Refusal } from "./Refusal";
import { TotpSetUp } from "./TotpSetUp";

export default function Security() {
  const { t } = useTranslation("my-account");
  const security = useSecurity();
  if (security.isPending) return <Loading />;
  if (security.isError) return <Refusal error={security.error} />;
  // Who comes by the organisation's own sign-in has neither a password nor a second step here.
  if (!security.data.has_password) return <p className={css.lead}>{t("noPassword")}</p>;
  return (
    <div className={css.sections}>
      <SecondStep security={security.data} />
      <Password security={security.data} />
    </div>
  );
}

type Open = "set" | "renew" | "remove" | null;

function SecondStep({ security }: { security: AccountSecurity }) {
  const { t } = useTranslation("my-account");
  const [open, setOpen] = useState<Open>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const renew = useRenewRecoveryCodes();
  const remove = useRemoveTotp();
  const close = () => {
    setOpen(null);
    setCodes(null);
    renew.reset();
    remove.reset();
  };
  const { totp, totp_required, recovery_codes_left: left } = security;
  const few = totp && left <= 2;

  let body: ReactNode;
  if (codes) body = <RecoveryCodes codes={codes} onDone={close} />;
  else if (open === "set") body = <TotpSetUp onCodes={setCodes} onCancel={close} />;
  else if (open === "renew")
    body = (
      <ConfirmPassword
        text={t("codes.renewText")}
        submit={t("codes.renew")}
        request={renew}
        onPassword={(password) => renew.mutate(password, { onSuccess: (made) => setCodes(made.recovery_codes) })}
        onCancel={close}
      />
    );
  else if (open === "remove")
    body = (
      <ConfirmPassword
        text={t("totp.removeText")}
        submit={t("totp.remove")}
        isDanger
        request={remove}
        onPassword={(password) =>
          remove.mutate(password, {
            onSuccess: () => {
              close();
              notify({ kind: "done", text: t("totp.removed") });
            },
          })
        }
        onCancel={close}
      />
    );
  else
    body = (
      <>
        {few && <Message tone="warning">{t("codes.few", { count: left })}</Message>}
        <div className={css.actions}>
          <Button kind={totp ? "default" : "primary"} icon="shield" onClick={() => setOpen("set")}>
            {t(totp ? "totp.change" : "totp.setUp")}
          </Button>
          {totp && (
            <Button icon="refresh" onClick={() => setOpen("renew")}>
              {t("codes.renew")}
            </Button>
          )}
          {totp && !totp_required && (
            <Button kind="danger" onClick={() => setOpen("remove")}>
              {t("totp.remove")}
            </Button>
          )}
        </div>
      </>
    );

  return (
    <section className={css.section} aria-labelledby="second-step">
      <header>
        <h3 id="second-step">{t("totp.title")}</h3>
        <Chip tone={totp ? "normal" : "neutral"}>{t(totp ? "totp.on" : "totp.off")}</Chip>
        {totp && <span className={css.muted}>{t("codes.left", { count: left })}</span>}
      </header>
      <p className={css.lead}>{t(totp_required ? "totp.required" : "totp.text")}</p>
      {body}
    </section>
  );
}

function Password({ security }: { security: AccountSecurity }) {
  const { t } = useTranslation("my-account");
  const { zone } = useMe().utility;
  const [open, setOpen] = useState(false);
  const { password_profile: profile } = security;
  return (
    <section className={css.section} aria-labelledby="password">
      <header>
        <h3 id="password">{t("password.title")}</h3>
        {profile.expires_at && (
          <span className={css.muted}>{t("password.expires", { time: formatTime(profile.expires_at, zone) })}</span>
        )}
      </header>
      {open ? (
        <ChangePassword
          rules={profile.rules}
          onCancel={() => setOpen(false)}
          onDone={() => {
            setOpen(false);
            notify({ kind: "done", text: t("password.changed") });
          }}
        />
      ) : (
        <div className={css.actions}>
          <Button icon="edit" onClick={() => setOpen(true)}>
            {t("password.change")}
          </Button>
        </div>
      )}
    </section>
  );
}
