/** The rows, in words; each opens to its before and after, the address, the device and its place in the chain. */
import type { TFunction } from "i18next";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AuditRow } from "@/api/audit";
import { useMe } from "@/api/session";
import { deviceWords } from "@/lib/device-words";
import { formatTime } from "@/lib/format";
import { fieldName, valueWords } from "@/lib/ledger-words";
import { Button, IconButton } from "@/lib/ui";
import { select } from "@/lib/url-state";
import css from "./audit.module.css";

const COLUMNS = ["at", "who", "what", "object", "reason"] as const;

export function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  const { t } = useTranslation("audit");
  const [open, setOpen] = useState<number | null>(null);
  return (
    <table className={css.table} aria-label={t("rows")}>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <th key={column} scope="col" data-column={column}>
              {t(`column.${column}`)}
            </th>
          ))}
          <th scope="col">
            <span className="visually-hidden">{t("column.more")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Fragment key={row.seq}>
            <Summary
              row={row}
              open={row.seq === open}
              onToggle={() => setOpen((shown) => (shown === row.seq ? null : row.seq))}
            />
            {row.seq === open && (
              <tr className={css.details}>
                <td colSpan={COLUMNS.length + 1}>
                  <Details row={row} />
                </td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function Summary({ row, open, onToggle }: { row: AuditRow; open: boolean; onToggle: () => void }) {
  const { t } = useTranslation(["audit", "domain", "administration"]);
  const { zone } = useMe().utility;
  const layer = row.layer && t(`value.layer.${row.layer}`, { defaultValue: row.layer });
  const named = row.object_label || [layer, row.object_id].filter(Boolean).join(" ");
  // Jobs are named by where they are written: layers.jobs.check_audit.
  const object =
    row.layer === "jobs" ? t(`administration:system.job.${named.split(".").at(-1)}`, { defaultValue: named }) : named;
  return (
    <tr data-open={open ? "" : undefined}>
      <td data-column="at">
        <time dateTime={row.at}>{formatTime(row.at, zone)}</time>
      </td>
      <td data-column="who">
        {row.actor_name || t(row.action.startsWith("session.") ? "nobody" : "system")}
        {row.role && <small> {t(`domain:role.${row.role}`, { defaultValue: row.role })}</small>}
      </td>
      <td data-column="what" data-refused={/^refusal|refused$/.test(row.action) ? "" : undefined}>
        {t(`action.${row.action}`, { defaultValue: row.action })}
        <small className={css.under}>{object}</small>
      </td>
      <td data-column="object">{object}</td>
      <td data-column="reason">{row.reason}</td>
      <td>
        <IconButton
          icon={open ? "chevronUp" : "chevronDown"}
          label={t("details", { seq: row.seq })}
          aria-expanded={open}
          onClick={onToggle}
        />
      </td>
    </tr>
  );
}

function Details({ row }: { row: AuditRow }) {
  const { t } = useTranslation("audit");
  const { zone } = useMe().utility;
  const fields = [...new Set([...Object.keys(row.before ?? {}), ...Object.keys(row.after ?? {})])];
  const about = {
    seq: String(row.seq),
    ip: row.ip,
    device: deviceWords(row.device) ?? row.device,
    requestId: row.request_id,
    batch: row.batch ?? "",
    hash: row.hash,
  };
  // What was not recorded is left blank; what was recorded as empty says so.
  const told = (values: AuditRow["before"], field: string) =>
    values && field in values ? (wordOf(t, zone, field, values[field]) ?? t("nothing")) : "";
  return (
    <div className={css.detail}>
      {row.reason && (
        <p>
          {t("column.reason")}: {row.reason}
        </p>
      )}
      {fields.length > 0 && (
        <table className={css.values} aria-label={t("details", { seq: row.seq })}>
          <thead>
            <tr>
              <th scope="col">{t("field")}</th>
              <th scope="col">{t("before")}</th>
              <th scope="col">{t("after")}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{t(`name.${field}`, { defaultValue: fieldName(field) })}</th>
                <td>{told(row.before, field)}</td>
                <td>{told(row.after, field)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <dl>
        {Object.entries(about).map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{t(`about.${name}`)}</dt>
                <dd title={name === "device" ? row.device : undefined}>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {row.layer === "customers" && /^\d+$/.test(row.object_id) && (
        <Button icon="customers" onClick={() => select({ layer: "customers", id: Number(row.object_id) })}>
          {t("showOnMap")}
        </Button>
      )}
    </div>
  );
}

/** What the audit's own fields hold is a word of ours ("joined", "view"); the rest is told like the ledger's. */
function wordOf(t: TFunction, zone: string, field: string, value: unknown): string | null {
  if (field === "device" && typeof value === "string") return deviceWords(value) ?? value;
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:/.test(value)) return formatTime(value, zone);
  const words = valueWords(field, value);
  return typeof value === "string" && /^[\w+]+$/.test(value)
    ? t(`value.${field}.${value}`, { defaultValue: words })
    : words;
}
