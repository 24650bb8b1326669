/** Where this person is signed in; end one, or all others. */
import { useTranslation } from "react-i18next";
import { useEndOtherSessions, useEndSession, useSessions } from "@/api/account";
import { useMe } from "@/api/session";
import type { SessionRow } from "@/api/types";
import { deviceWords, isHandheld } from "@/lib/device-words";
import { formatAge, formatTime } from "@/lib/format";
import { notify } from "@/lib/notices";
import { Button, Chip, Icon, Loading } from "@/lib/ui";
import { ZoneNote } from "@/lib/ui/Time";
import css from "./my-account.module.css";
import { Refusal } from "./Refusal";

export default function Sessions() {
  const { t } = useTranslation("my-account");
  const sessions = useSessions();
  const endOthers = useEndOtherSessions();
  const { zone } = useMe().utility;

  if (sessions.isPending) return <Loading />;
  if (sessions.isError) return <Refusal error={sessions.error} />;
  const rows = [...sessions.data].sort((a, b) => Number(b.current) - Number(a.current));
  const others = rows.filter(({ current }) => !current).length;
  return (
    <>
      <p className={css.lead}>{t("sessions.text")}</p>
      <ul className={css.rows}>
        {rows.map((row) => (
          <li key={row.id}>
            <Row row={row} />
          </li>
        ))}
      </ul>
      <Refusal error={endOthers.error} />
      <div className={css.actions}>
        <Button
          kind="danger"
          icon="signOut"
          disabled={!others || endOthers.isPending}
          onClick={() =>
            endOthers.mutate(undefined, { onSuccess: () => notify({ kind: "done", text: t("sessions.othersEnded") }) })
          }
        >
          {t("sessions.endOthers")}
        </Button>
        {!others && <span className={css.muted}>{t("sessions.onlyHere")}</span>}
      </div>
      <ZoneNote className={css.muted} zone={zone} />
    </>
  );
}

function Row({ row }: { row: SessionRow }) {
  const { t } = useTranslation("my-account");
  const { zone } = useMe().utility;
  const end = useEndSession();
  const device = deviceWords(row.device) ?? t("sessions.unknownDevice");
  return (
    <>
      <div className={css.item}>
        <Icon name={isHandheld(row.device) ? "tabletDevice" : "system"} size={22} />
        <div>
          <strong title={row.device}>{device}</strong>
          {row.current && <Chip tone="normal">{t("sessions.current")}</Chip>}
          <p>
            {row.ip && <span>{t("sessions.from", { ip: row.ip })} · </span>}
            {t("sessions.since", { time: formatTime(row.created_at, zone) })} ·{" "}
            <span title={formatTime(row.last_seen_at, zone)}>
              {t("sessions.seen", { age: formatAge(row.last_seen_at, new Date()) })}
            </span>
          </p>
        </div>
        {!row.current && (
          <Button
            aria-label={t("sessions.endOf", { device })}
            disabled={end.isPending}
            onClick={() => end.mutate(row.id)}
          >
            {t("sessions.end")}
          </Button>
        )}
      </div>
      <Refusal error={end.error} />
    </>
  );
}
