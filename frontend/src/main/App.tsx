/** The gate and the routes. A person who is not signed in sees the sign-in page at the same address, and lands there after. */
import { lazy, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, Route, Routes, useLocation, useParams } from "react-router";
import { useSession } from "@/api/session";
import { Button, Loading, Message } from "@/lib/ui";
import { Boundary } from "@/lib/ui/Boundary";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { rereadUrl } from "@/lib/url-state";
import css from "./shell.module.css";

const SignInPage = lazy(() => import("@/features/sign-in/SignInPage"));
const MapPage = lazy(() => import("./MapPage"));

export function App() {
  const { t } = useTranslation("common");
  const session = useSession();
  const { pathname, hash } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a navigation of the router is the event.
  useEffect(rereadUrl, [pathname, hash]);

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
      <Routes>
        <Route path="/customers/:id" element={<CustomerLink />} />
        <Route path="/" element={<MapPage />} />
        <Route path="*" element={<Navigate to={{ pathname: "/", hash }} replace />} />
      </Routes>
    </Boundary>
  );
}

/** `/customers/42` is the permanent address of a customer: the map with its card. */
function CustomerLink() {
  const { id } = useParams();
  const known = /^\d+$/.test(id ?? "");
  return <Navigate to={{ pathname: "/", hash: known ? `#sel=customers:${id}` : "" }} replace />;
}
