/** The gate. A person who is not signed in sees the sign-in page at the same address, and lands there after; what must be set up comes first. */
import { lazy } from "react";
import { useTranslation } from "react-i18next";
import { sessionEnd, useSession } from "@/api/session";
import { lazyOf } from "@/lib/lazy-of";
import { useStore } from "@/lib/store";
import { Button, Loading, Message } from "@/lib/ui";
import { Boundary } from "@/lib/ui/Boundary";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import css from "./shell.module.css";

const SignInPage = lazy(() => import("@/features/sign-in/SignInPage"));
const SignInCover = lazy(() => import("@/features/sign-in/SignInCover"));
const MapPage = lazy(() => import("./MapPage"));
const loadSetUp = () => import("@/features/my-account/SetUpPage");

export function App() {
  const { t } = useTranslation("common");
  const session = useSession();
  const ended = useStore(sessionEnd);

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
  const SetUpPage = session.data.must_set_up.length > 0 && lazyOf(loadSetUp);
  return (
    <>
      <Boundary>{SetUpPage ? <SetUpPage /> : <MapPage />}</Boundary>
      {(ended === "idle" || ended === "aged") && (
        <Boundary>
          <SignInCover />
        </Boundary>
      )}
    </>
  );
}
