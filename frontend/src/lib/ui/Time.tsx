/** Times on the screen: an age that ages while it is looked at, the exact time in the utility's zone beside it or behind it. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { formatAge, formatMoment, zoneName } from "../format";
import { createStore, useStore } from "../store";

const TICK_MS = 15_000;
const now = createStore(new Date());
let watchers = 0;
let clock: ReturnType<typeof setInterval> | undefined;

/** The present, fresh enough for ages; one clock for all that show one. */
export function useNow(): Date {
  useEffect(() => {
    if (watchers++ === 0) {
      now.set(new Date());
      clock = setInterval(() => now.set(new Date()), TICK_MS);
    }
    return () => {
      if (--watchers === 0) clearInterval(clock);
    };
  }, []);
  return useStore(now);
}

/** "3 minutes ago". */
export function useAge(at: string | Date): string {
  return formatAge(at, useNow());
}

/** The same as an element; `text` puts words around it. */
export function Age({
  at,
  zone,
  text = (age) => age,
  className,
}: {
  at: string;
  zone: string | undefined;
  text?: (age: string) => string;
  className?: string | undefined;
}) {
  return (
    <time className={className} dateTime={at} title={formatMoment(at, zone)}>
      {text(useAge(at))}
    </time>
  );
}

/** Once in a view that shows exact times. */
export function ZoneNote({ zone, className }: { zone: string | undefined; className?: string | undefined }) {
  const { t } = useTranslation("common");
  return <p className={className}>{t("zone", { zone: zoneName(zone) })}</p>;
}
