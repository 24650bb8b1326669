/** Sign-in, when nobody is signed in. The address stays, so that one lands where one wanted to go. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { sessionEnd } from "@/api/session";
import { useStore } from "@/lib/store";
import { Message } from "@/lib/ui";
import { GatePage } from "@/lib/ui/GatePage";
import { SignInSteps, type Step } from "./SignInSteps";

/** Why the organisation's sign-in sent the person back: `?problem=` of the server's redirect. */
const PROBLEMS = ["oidc_unreachable", "oidc_failed", "not_admitted", "name_taken"] as const;

export default function SignInPage() {
  const { t } = useTranslation("sign-in");
  const [step, setStep] = useState<Step>("password");
  const ended = useStore(sessionEnd);
  const [problem] = useState(() => {
    const named = new URLSearchParams(location.search).get("problem");
    return PROBLEMS.find((known) => known === named);
  });
  useEffect(() => {
    // Said once: a reload asks anew.
    if (problem) history.replaceState(history.state, "", location.pathname + location.hash);
  }, [problem]);

  return (
    <GatePage title={t(`titles.${step}`)}>
      {ended === "elsewhere" && step === "password" && <Message>{t("endedElsewhere")}</Message>}
      {problem && step === "password" && <Message tone="critical">{t(`problems.${problem}`)}</Message>}
      <SignInSteps step={step} onStep={setStep} />
    </GatePage>
  );
}
