/** Start: texts, theme, who is signed in; then the map or the sign-in page. The page of a new password asks nobody who they are. */
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { queryClient } from "@/api/query-client";
import { startSession } from "@/api/session";
import { startI18n } from "@/lib/i18n";
import "@/lib/ui/base.css";
import { lazyOf } from "@/lib/lazy-of";
import { Boundary } from "@/lib/ui/Boundary";
import { settlePath } from "@/lib/url-state";
import { App } from "./App";

const loadSetPassword = () => import("@/features/my-account/SetPasswordPage");

async function start(): Promise<void> {
  const setsPassword = location.pathname === "/set-password";
  if (!setsPassword) {
    settlePath();
    void startSession();
    // The map's code comes beside the answer to "who is it?", not after it.
    void import("./MapPage");
  }
  await startI18n();
  const SetPasswordPage = setsPassword && lazyOf(loadSetPassword);
  const element = document.getElementById("root");
  if (!element) return;
  createRoot(element).render(
    <QueryClientProvider client={queryClient}>
      {SetPasswordPage ? (
        <Boundary>
          <SetPasswordPage />
        </Boundary>
      ) : (
        <App />
      )}
    </QueryClientProvider>,
  );
}

void start();
