/** A team is a role inside areas: it starts with what its role may do, there. Nothing is stored before its rights are saved. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AdminRole, type LayerAction, useAdminAreas } from "@/api/administration";
import { nameOf } from "@/lib/names";
import { Button, Dialog, TextField } from "@/lib/ui";
import { ChipChoice, SelectField } from "@/lib/ui/fields";
import { goTo } from "./address";
import css from "./administration.module.css";
import { changesBetween } from "./grants";
import { wish } from "./wishes";

const ROLES = ["dispatcher", "planner", "inspector", "supervisor", "analyst", "customer"] as const;

export function NewTeamDialog({ roles, onClose }: { roles: readonly AdminRole[]; onClose: () => void }) {
  const { t } = useTranslation(["administration", "common", "domain"]);
  const areas = useAdminAreas().data ?? [];
  const [role, setRole] = useState<(typeof ROLES)[number]>("planner");
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [error, setError] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const team = name.trim();
    const group = `${role}:${team}`;
    if (!team) setError(t("roles.nameMissing"));
    else if (roles.some((one) => one.group === group)) setError(t("roles.nameTaken", { group }));
    else {
      wish(group, changesBetween([], startOf(roles, role, chosen)));
      onClose();
      goTo("roles", group);
    }
  };

  return (
    <Dialog title={t("roles.newTeam")} open onClose={onClose}>
      <form className={css.form} onSubmit={submit} noValidate>
        <p className={css.lead}>{t("roles.newTeamHelp")}</p>
        <SelectField
          label={t("roles.role")}
          value={role}
          choices={ROLES.map((one) => ({ value: one, label: t(`domain:role.${one}`) }))}
          onChoose={setRole}
          data-first=""
        />
        <TextField
          label={t("roles.teamName")}
          help={t("roles.teamNameHelp", { group: `${role}:${name.trim() || "north"}` })}
          error={error || undefined}
          value={name}
          maxLength={100}
          autoComplete="off"
          onChange={(event) => {
            setName(event.target.value);
            setError("");
          }}
        />
        {areas.length > 0 && (
          <ChipChoice
            label={t("roles.teamAreas")}
            choices={areas.map(({ properties }) => ({ value: properties.code, label: nameOf(properties) }))}
            chosen={chosen}
            onToggle={(code) =>
              setChosen(chosen.includes(code) ? chosen.filter((one) => one !== code) : [...chosen, code])
            }
          />
        )}
        <div className={css.answers}>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" kind="primary">
            {t("roles.next")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the role itself may do everywhere, bound to the areas; without an area, everywhere. */
function startOf(roles: readonly AdminRole[], role: string, areas: readonly string[]): LayerAction[] {
  const own = roles.find(({ group }) => group === role)?.grants ?? [];
  const whole = own.filter(({ area }) => area === null);
  return whole.flatMap((grant) => (areas.length ? areas.map((area) => ({ ...grant, area })) : [grant]));
}
