/** "3 minutes ago" or "in 2 hours", the exact time in its title; `never` where there is none. */
import { useMe } from "@/api/session";
import { formatMoment, formatWhen } from "@/lib/format";
import { useNow } from "@/lib/ui/Time";
import css from "./administration.module.css";

export function When({ at, never }: { at: string | null | undefined; never: string }) {
  const { zone } = useMe().utility;
  const now = useNow();
  if (!at) return <span className={css.faint}>{never}</span>;
  return (
    <time dateTime={at} title={formatMoment(at, zone)}>
      {formatWhen(at, now)}
    </time>
  );
}
