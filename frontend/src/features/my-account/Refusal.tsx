/** A refusal under the form it belongs to; nothing when there is none. */
import { useTranslation } from "react-i18next";
import { isProblem } from "@/api/problem";
import { formatClock } from "@/lib/format";
import { Message } from "@/lib/ui";
import { errorRequestId, errorText } from "@/lib/ui/errors";

/** `but`: codes that are said at their field. */
export function Refusal({ error, but = [] }: { error: unknown; but?: readonly string[] }) {
  const { t } = useTranslation(["my-account", "errors"]);
  if (!error || (isProblem(error) && but.includes(error.code))) return null;
  const wait_s = isProblem(error) && error.status === 429 ? Number(error.body.retry_after) : 0;
  return (
    <Message tone="critical" requestId={errorRequestId(error)}>
      {wait_s ? t("wait", { time: formatClock(wait_s) }) : errorText(error, t)}
    </Message>
  );
}
