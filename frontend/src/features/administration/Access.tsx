/** Who is signed in where, and which tokens read by themselves: of everybody or of one person; each can be ended. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type AdminSession,
  type AdminToken,
  administration,
  useAdminSessions,
  useAdminTokens,
} from "@/api/administration";
import { deviceWords } from "@/lib/device-words";
import { formatNumber } from "@/lib/format";
import { Button, Chip, Empty, TextField } from "@/lib/ui";
import { AskButton } from "@/lib/ui/asking";
import { Unread } from "@/lib/ui/refusal";
import { actOrThrow } from "./act";
import { goTo, usePlace } from "./address";
import css from "./administration.module.css";
import { When } from "./When";
import { useWords } from "./words";

const SESSION_COLUMNS = ["person", "device", "ip", "started", "lastSeen", "deeds"] as const;
const TOKEN_COLUMNS = ["person", "token", "layers", "lastUsed", "expires", "deeds"] as const;

export default function Access() {
  const { t } = useTranslation("administration");
  const { item } = usePlace();
  const [text, setText] = useState("");
  const userId = /^\d+$/.test(item) ? Number(item) : null;
  const sessions = useAdminSessions(userId);
  const tokens = useAdminTokens();
  const wanted = text.trim().toLocaleLowerCase();
  const named = (...names: string[]) => names.join(" ").toLocaleLowerCase().includes(wanted);
  const shownSessions = (sessions.data ?? []).filter((row) =>
    named(row.name, row.username, deviceWords(row.device) ?? row.device, row.ip),
  );
  const shownTokens = (tokens.data ?? []).filter(
    (row) => (userId === null || row.user_id === userId) && named(row.owner, row.username, row.name),
  );
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <TextField
          label={t("access.search")}
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {userId !== null && (
          <Button icon="close" onClick={() => goTo("access")}>
            {t("access.everybody")}
          </Button>
        )}
      </div>
      <section className={css.part} aria-label={t("access.sessions")}>
        <h2>
          {t("access.sessions")} {sessions.data && <small>{formatNumber(shownSessions.length)}</small>}
        </h2>
        <Unread reading={sessions} />
        {sessions.isSuccess && !shownSessions.length && (
          <Empty title={t("access.noSessions.title")}>{t("access.noSessions.text")}</Empty>
        )}
        {shownSessions.length > 0 && (
          <table className={css.table} aria-label={t("access.sessions")}>
            <Heads columns={SESSION_COLUMNS} />
            <tbody>
              {shownSessions.map((row) => (
                <SessionRow key={row.id} row={row} />
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section className={css.part} aria-label={t("access.tokens")}>
        <h2>
          {t("access.tokens")} {tokens.data && <small>{formatNumber(shownTokens.length)}</small>}
        </h2>
        <Unread reading={tokens} />
        {tokens.isSuccess && !shownTokens.length && (
          <Empty title={t("access.noTokens.title")}>{t("access.noTokens.text")}</Empty>
        )}
        {shownTokens.length > 0 && (
          <table className={css.table} aria-label={t("access.tokens")}>
            <Heads columns={TOKEN_COLUMNS} />
            <tbody>
              {shownTokens.map((row) => (
                <TokenRow key={row.id} row={row} />
              ))}
            </tbody>
          </table>
        )}
      </section>
    </div>
  );
}

function Heads({ columns }: { columns: readonly string[] }) {
  const { t } = useTranslation("administration");
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col" data-column={column}>
            <span className={column === "deeds" ? "visually-hidden" : undefined}>{t(`access.column.${column}`)}</span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Owner({ id, name, username, under }: { id: number; name: string; username: string; under?: string }) {
  return (
    <th scope="row" data-column="person">
      <button type="button" className={css.open} onClick={() => goTo("people", id)}>
        {name || username}
      </button>
      <small>{username}</small>
      {under && <span className={css.under}>{under}</span>}
    </th>
  );
}

function SessionRow({ row }: { row: AdminSession }) {
  const { t } = useTranslation("administration");
  const name = row.name || row.username;
  const device = deviceWords(row.device);
  return (
    <tr>
      <Owner id={row.user_id} name={row.name} username={row.username} under={device ?? undefined} />
      <td data-column="device" title={row.device}>
        {device ?? <span className={css.faint}>{t("access.unknownDevice")}</span>}
      </td>
      <td data-column="ip">{row.ip}</td>
      <td data-column="started">
        <When at={row.created_at} never="" />
      </td>
      <td data-column="lastSeen">
        <When at={row.last_seen_at} never={t("never")} />
      </td>
      <td data-column="deeds">
        {row.current ? (
          <Chip tone="accent">{t("access.current")}</Chip>
        ) : (
          <AskButton
            label={t("access.end")}
            title={t("access.endTitle", { name })}
            yes={t("access.end")}
            onYes={() => actOrThrow(() => administration.endSession(row.id), t("access.ended", { name }))}
          >
            <p>{t("access.endHelp")}</p>
          </AskButton>
        )}
      </td>
    </tr>
  );
}

function TokenRow({ row }: { row: AdminToken }) {
  const { t } = useTranslation(["administration", "domain"]);
  const words = useWords();
  return (
    <tr>
      <Owner id={row.user_id} name={row.owner} username={row.username} />
      <td data-column="token">
        {row.name} <code>{row.prefix}…</code>
      </td>
      <td data-column="layers">{row.layers.map(words.layer).join(t("domain:listComma"))}</td>
      <td data-column="lastUsed">
        <When at={row.last_used_at} never={t("never")} />
      </td>
      <td data-column="expires">
        <When at={row.expires_at} never={t("never")} />
      </td>
      <td data-column="deeds">
        <AskButton
          label={t("access.revoke")}
          title={t("access.revokeTitle", { name: row.name })}
          yes={t("access.revoke")}
          onYes={() => actOrThrow(() => administration.revokeToken(row.id), t("access.revoked", { name: row.name }))}
        >
          <p>{t("access.revokeHelp")}</p>
        </AskButton>
      </td>
    </tr>
  );
}
