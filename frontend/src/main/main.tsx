/** Start: texts, theme, who is signed in; then the map or the sign-in page. */
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { queryClient } from "@/api/query-client";
import { startSession } from "@/api/session";
import { startI18n } from "@/lib/i18n";
import "@/lib/ui/base.css";
import { settlePath } from "@/lib/url-state";
import { App } from "./App";

async function start(): Promise<void> {
  settlePath();
  void startSession();
  // The map's code comes beside the answer to "who is it?", not after it.
  void import("./MapPage");
  await startI18n();
  const element = document.getElementById("root");
  if (!element) return;
  createRoot(element).render(
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>,
  );
}

void start();
