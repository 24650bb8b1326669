/** Roles and teams, and what the chosen one may do where. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type AdminRole, useRoles } from "@/api/administration";
import { useStore } from "@/lib/store";
import { Button, Chip, Empty } from "@/lib/ui";
import { Unread } from "@/lib/ui/refusal";
import { goTo, usePlace } from "./address";
import css from "./administration.module.css";
import { GrantMatrix } from "./GrantMatrix";
import { changesBetween, withChanges } from "./grants";
import { NewTeamDialog } from "./NewTeamDialog";
import { useGroupWords } from "./person-words";
import { wishes } from "./wishes";

export default function Roles() {
  const { t } = useTranslation("administration");
  const { item } = usePlace();
  const roles = useRoles();
  const wished = useStore(wishes);
  const [making, setMaking] = useState(false);
  const stored = roles.data ?? [];
  // A team that is only wished so far stands in the list too.
  const known = new Set(stored.map(({ group }) => group));
  const fresh = Object.keys(wished).filter((group) => roles.isSuccess && !known.has(group));
  const groups: AdminRole[] = [
    ...stored,
    ...fresh.map((group) => ({ group, role: group.split(":")[0] ?? "", people: 0, grants: [] })),
  ];
  const isUnsaved = ({ group, grants }: AdminRole) =>
    group in wished &&
    (!known.has(group) || changesBetween(grants, withChanges(grants, wished[group] ?? [])).length > 0);
  const chosen = groups.find(({ group }) => group === item);
  return (
    <div className={css.roles} data-open={chosen ? "" : undefined}>
      <section className={css.groups} aria-label={t("roles.list")}>
        <div className={css.tools}>
          <p>{t("roles.help")}</p>
          <Button icon="plus" onClick={() => setMaking(true)}>
            {t("roles.newTeam")}
          </Button>
        </div>
        <Unread reading={roles} />
        <ul>
          {groups.map((role) => (
            <li key={role.group}>
              <GroupButton role={role} open={role.group === item} unsaved={isUnsaved(role)} />
            </li>
          ))}
        </ul>
      </section>
      <section className={css.matrixPane} aria-label={t("roles.rights")}>
        {chosen ? (
          <GrantMatrix key={chosen.group} role={chosen} isNew={!known.has(chosen.group)} />
        ) : (
          roles.isSuccess && <Empty title={t("roles.choose.title")}>{t("roles.choose.text")}</Empty>
        )}
      </section>
      {making && <NewTeamDialog roles={stored} onClose={() => setMaking(false)} />}
    </div>
  );
}

function GroupButton({ role, open, unsaved }: { role: AdminRole; open: boolean; unsaved: boolean }) {
  const { t } = useTranslation("administration");
  const words = useGroupWords();
  return (
    <button
      type="button"
      className={css.group}
      aria-current={open ? "true" : undefined}
      onClick={() => goTo("roles", role.group)}
    >
      <span>
        <b>{words(role.group)}</b>
        <small>{role.group}</small>
      </span>
      {unsaved ? (
        <Chip tone="warning">{t("roles.unsaved")}</Chip>
      ) : (
        <small>{t("roles.people", { count: role.people })}</small>
      )}
    </button>
  );
}
