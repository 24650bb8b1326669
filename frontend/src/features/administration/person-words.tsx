/** Groups and state of a person, in words. */
import { useTranslation } from "react-i18next";
import type { AdminPerson } from "@/api/administration";
import { Chip } from "@/lib/ui";
import css from "./administration.module.css";

/** A role's own group in its word, a team by its name. */
export function useGroupWords(): (group: string) => string {
  const { t } = useTranslation("domain");
  return (group) => {
    const [role = "", ...team] = group.split(":");
    const word = t(`role.${role}`, { defaultValue: role });
    return team.length ? `${word} · ${team.join(":")}` : word;
  };
}

export function Groups({ person }: { person: AdminPerson }) {
  const { t } = useTranslation("administration");
  const words = useGroupWords();
  if (!person.groups.length && !person.is_superuser) return <span className={css.faint}>{t("people.noGroup")}</span>;
  return (
    <span className={css.chips}>
      {person.groups.map((group) => (
        <Chip key={group}>{words(group)}</Chip>
      ))}
      {person.is_superuser && <Chip tone="accent">{t("people.superuser")}</Chip>}
    </span>
  );
}

export function State({ person }: { person: AdminPerson }) {
  const { t } = useTranslation("administration");
  if (!person.is_active) return <Chip tone="warning">{t("people.state.locked")}</Chip>;
  if (person.invited_at && !person.last_login) return <Chip tone="info">{t("people.state.invited")}</Chip>;
  return <Chip tone="normal">{t("people.state.active")}</Chip>;
}
