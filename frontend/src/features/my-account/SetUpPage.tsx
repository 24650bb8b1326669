/** What must be set up before the map: the second step, or a new password. Then the map opens where one wanted to go. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSecurity } from "@/api/account";
import { refreshSession, useMe, useSignOut } from "@/api/session";
import { Button, Loading } from "@/lib/ui";
import { GatePage } from "@/lib/ui/GatePage";
import { ChangePassword } from "./ChangePassword";
import css from "./my-account.module.css";
import { RecoveryCodes } from "./RecoveryCodes";
import { Refusal } from "./Refusal";
import { TotpSetUp } from "./TotpSetUp";

export default function SetUpPage() {
  const { t } = useTranslation("my-account");
  const me = useMe();
  const security = useSecurity();
  const signOut = useSignOut();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const step = me.must_set_up[0] ?? "totp";

  return (
    <GatePage title={t(`setUp.${step}.title`)} wide>
      {!codes && <p className={css.lead}>{t(`setUp.${step}.text`)}</p>}
      {security.isPending && <Loading />}
      {security.isError && <Refusal error={security.error} />}
      {security.data && step === "password" && (
        <ChangePassword rules={security.data.password_profile.rules} onDone={() => void refreshSession()} />
      )}
      {security.data && step === "totp" && !codes && <TotpSetUp onCodes={setCodes} />}
      {codes && <RecoveryCodes codes={codes} onDone={() => void refreshSession()} />}
      <Button kind="quiet" icon="signOut" onClick={() => signOut.mutate()}>
        {t("account:signOut")}
      </Button>
    </GatePage>
  );
}
