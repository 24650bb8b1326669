/** A sentence for a failed request, in the interface language. */
import type { TFunction } from "i18next";

interface Refusal {
  code: string;
  message: string;
  requestId?: string;
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

/** Texts of known codes are in `errors.json`; an unknown one shows the server's own sentence. */
export function errorText(error: unknown, t: TFunction): string {
  if (!isRefusal(error)) return t("errors:unexpected");
  return t(`errors:${error.code}`, { defaultValue: error.message || t("errors:unexpected") });
}

/** For a notice. */
export function requestIdOf(error: unknown): { requestId?: string } {
  const requestId = errorRequestId(error);
  return requestId ? { requestId } : {};
}

export function errorRequestId(error: unknown): string | undefined {
  return isRefusal(error) ? error.requestId : undefined;
}
