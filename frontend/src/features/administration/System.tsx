/** How the installation is: every part in words, what it runs on, what it stores, what it works on. */
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { type AdminSystem, administration, type HealthPart, useSystem } from "@/api/administration";
import { useMe } from "@/api/session";
import { formatBytes, formatNumber, formatTimeOfDay } from "@/lib/format";
import { Button, Chip, Icon, Message } from "@/lib/ui";
import { Unread } from "@/lib/ui/refusal";
import { ZoneNote } from "@/lib/ui/Time";
import { act, refusalText } from "./act";
import css from "./administration.module.css";
import { When } from "./When";
import { useWords } from "./words";

const TABLES_SHOWN = 12;
const PARTS: readonly HealthPart[] = ["database", "redis", "migrations", "worker", "mapproxy"];

export default function System() {
  const { t } = useTranslation("administration");
  const { zone } = useMe().utility;
  const system = useSystem();
  const { data } = system;
  const asOf = formatTimeOfDay(new Date(system.dataUpdatedAt), zone);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and often holds nothing else to focus.
    <section className={css.page} tabIndex={0} aria-label={t("tab.system")}>
      {data ? (
        <>
          <header className={css.times}>
            <p className={css.asOf}>
              {t("system.asOf", { time: asOf })} <small>{t("system.every")}</small>
            </p>
            <ZoneNote className={css.note} zone={zone} />
          </header>
          {system.isError && (
            <Message tone="warning">{t("system.stale", { time: asOf, why: refusalText(system.error) })}</Message>
          )}
          <div className={css.cards}>
            <div className={css.stack}>
              <div className={css.beside}>
                <Health health={data.health} />
                <Versions versions={data.versions} />
              </div>
              <Jobs jobs={data.jobs} />
            </div>
            <div className={css.stack} data-second="">
              <Storage storage={data.storage} />
              <Streams streams={data.streams} />
            </div>
          </div>
        </>
      ) : (
        <Unread reading={system} />
      )}
    </section>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={css.card} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

function Health({ health }: { health: AdminSystem["health"] }) {
  const { t } = useTranslation("administration");
  return (
    <Card title={t("system.health")}>
      <ul className={css.health}>
        {PARTS.map((part) => {
          const { ok, detail, ms } = health[part];
          return (
            <li key={part} data-ok={ok ? "" : undefined}>
              <Icon name={ok ? "check" : "warning"} size={16} />
              <span>
                <b>{t(`system.part.${part}`)}</b>
                {!ok && (
                  <small>
                    {t(`system.trouble.${part}`)} <i>{detail}</i>
                  </small>
                )}
              </span>
              <span className={css.state}>{t(ok ? "system.ok" : "system.notOk")}</span>
              <small className={css.number}>{`${formatNumber(ms, ms < 10 ? 1 : 0)} ms`}</small>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

const PRODUCTS: Readonly<Record<string, string>> = {
  gridatlas: "GridAtlas",
  python: "Python",
  django: "Django",
  postgresql: "PostgreSQL",
  postgis: "PostGIS",
  gdal: "GDAL",
  proj: "PROJ",
  redis: "Redis",
};

function Versions({ versions }: { versions: AdminSystem["versions"] }) {
  const { t } = useTranslation("administration");
  return (
    <Card title={t("system.versions")}>
      <dl className={css.facts}>
        {Object.entries(versions).map(([name, version]) => (
          <div key={name}>
            <dt>{PRODUCTS[name] ?? name}</dt>
            <dd>{version || t("system.unknown")}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Storage({ storage }: { storage: AdminSystem["storage"] }) {
  const { t } = useTranslation("administration");
  const { database_bytes, files_bytes, disk_free_bytes, tables } = storage;
  return (
    <Card title={t("system.storage")}>
      <dl className={css.figures}>
        <Figure label={t("system.database")} value={formatBytes(database_bytes)} />
        <Figure label={t("system.files")} value={formatBytes(files_bytes)} />
        <Figure label={t("system.free")} value={formatBytes(disk_free_bytes)} />
      </dl>
      <table className={css.small} aria-label={t("system.tables")}>
        <thead>
          <tr>
            <th scope="col">{t("system.tables")}</th>
            <th scope="col">{t("system.size")}</th>
            <th scope="col">{t("system.rows")}</th>
          </tr>
        </thead>
        <tbody>
          {tables.slice(0, TABLES_SHOWN).map((table) => (
            <tr key={table.name}>
              <th scope="row">{table.name}</th>
              <td>{formatBytes(table.bytes)}</td>
              <td>{formatNumber(table.rows)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Figure({ label, value, tone }: { label: string; value: string; tone?: "warning" | undefined }) {
  return (
    <div data-tone={tone}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Jobs({ jobs }: { jobs: AdminSystem["jobs"] }) {
  const { t } = useTranslation("administration");
  // Jobs are named by where they are written: layers.jobs.check_audit.
  const word = (name: string) => t(`system.job.${name.split(".").at(-1)}`, { defaultValue: name });
  return (
    <Card title={t("system.jobs")}>
      <dl className={css.figures}>
        <Figure label={t("system.queued")} value={formatNumber(jobs.queued)} />
        <Figure label={t("system.running")} value={formatNumber(jobs.running)} />
        <Figure
          label={t("system.failed")}
          value={formatNumber(jobs.failed)}
          tone={jobs.failed ? "warning" : undefined}
        />
      </dl>
      {jobs.failures.length > 0 && (
        <table className={css.small} aria-label={t("system.failures")}>
          <thead>
            <tr>
              <th scope="col">{t("system.failures")}</th>
              <th scope="col">{t("system.when")}</th>
              <th scope="col">{t("system.error")}</th>
              <th scope="col">
                <span className="visually-hidden">{t("system.retry")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {jobs.failures.map((failure) => (
              <tr key={failure.id}>
                <th scope="row">{word(failure.name)}</th>
                <td>
                  <When at={failure.at} never="" />
                </td>
                <td className={css.error}>{failure.error}</td>
                <td>
                  <Button
                    icon="refresh"
                    onClick={() =>
                      void act(
                        () => administration.retryJob(failure.id),
                        t("system.retried", { name: word(failure.name) }),
                      )
                    }
                  >
                    {t("system.retry")}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <table className={css.small} aria-label={t("system.schedules")}>
        <thead>
          <tr>
            <th scope="col">{t("system.schedules")}</th>
            <th scope="col">{t("system.last")}</th>
            <th scope="col">{t("system.outcome")}</th>
            <th scope="col">{t("system.next")}</th>
          </tr>
        </thead>
        <tbody>
          {jobs.schedules.map((schedule) => (
            <tr key={schedule.name}>
              <th scope="row">{word(schedule.name)}</th>
              <td>
                <When at={schedule.last_run} never={t("system.notYet")} />
              </td>
              <td>
                {schedule.last_ok === null ? (
                  <span className={css.faint}>{t("system.notYet")}</span>
                ) : (
                  <Chip tone={schedule.last_ok ? "normal" : "warning"}>
                    {t(schedule.last_ok ? "system.went" : "system.wentWrong")}
                  </Chip>
                )}
              </td>
              <td>
                <When at={schedule.next_run} never={t("system.notPlanned")} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Streams({ streams }: { streams: AdminSystem["streams"] }) {
  const { t } = useTranslation("administration");
  const words = useWords();
  return (
    <Card title={t("system.streams")}>
      <table className={css.small} aria-label={t("system.streams")}>
        <thead>
          <tr>
            <th scope="col">{t("system.stream")}</th>
            <th scope="col">{t("system.sequence")}</th>
            <th scope="col">{t("system.kept")}</th>
            <th scope="col">{t("system.oldest")}</th>
          </tr>
        </thead>
        <tbody>
          {streams.map((stream) => (
            <tr key={stream.key}>
              <th scope="row" title={t("system.epoch", { epoch: stream.epoch })}>
                {words.layer(stream.key)}
              </th>
              <td>{formatNumber(stream.seq)}</td>
              <td>{formatNumber(stream.events)}</td>
              <td>
                <When at={stream.oldest_at} never={t("system.noneKept")} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
