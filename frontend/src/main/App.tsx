/** The gate. A person who is not signed in sees the sign-in page at the same address, and lands there after. */
import { lazy } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "@/api/session";
import { Button, Loading, Message } from "@/lib/ui";
import { Boundary } from "@/lib/ui/Boundary";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import css from "./shell.module.css";

const SignInPage = lazy(() => import("@/features/sign-in/SignInPage"));
const MapPage = lazy(() => import("./MapPage"));

export function App() {
  const { t } = useTranslation("common");
  const session = useSession();

  if (session.isPending)
    return (
      <div className={css.splash}>
        <Loading />
      </div>
    );
  if (session.isError) {
    return (
      <div className={css.splash}>
        <Message tone="critical" requestId={errorRequestId(session.error)}>
          <p>{errorText(session.error, t)}</p>
          <Button onClick={() => session.refetch()}>{t("tryAgain")}</Button>
        </Message>
      </div>
    );
  }
  if (!session.data)
    return (
      <Boundary>
        <SignInPage />
      </Boundary>
    );
  return (
    <Boundary>
      <MapPage />
    </Boundary>
  );
}
