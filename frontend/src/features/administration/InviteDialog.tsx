/** Invite somebody: they get a letter with a link to set their password. A refusal leaves everything typed as it is. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { administration, type Invitation } from "@/api/administration";
import { isProblem } from "@/api/problem";
import { Button, Dialog, TextField } from "@/lib/ui";
import { Refusal } from "@/lib/ui/refusal";
import { act } from "./act";
import { goTo } from "./address";
import css from "./administration.module.css";
import { GroupChoice } from "./GroupChoice";

const EMPTY: Invitation = { username: "", first_name: "", last_name: "", email: "", groups: [] };

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["administration", "common"]);
  const [typed, setTyped] = useState(EMPTY);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const fields = isProblem(error) ? error.fieldErrors : {};
  const text = (name: Exclude<keyof Invitation, "groups">) => ({
    label: t(`field.${name}`),
    name,
    value: typed[name],
    error: fields[name],
    required: name === "username" || name === "email",
    onChange: (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value }),
  });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    let invited = 0;
    const send = async () => {
      const person = await administration.invite(trimmed(typed));
      invited = person.id;
    };
    const refused = await act(send, t("invite.done", { email: typed.email.trim() }), { quiet: true });
    setBusy(false);
    setError(refused);
    if (refused) return;
    onClose();
    goTo("people", invited);
  };

  return (
    <Dialog title={t("invite.title")} open onClose={onClose}>
      <form className={css.form} onSubmit={(event) => void submit(event)}>
        <p className={css.lead}>{t("invite.help")}</p>
        <div className={css.pair}>
          <TextField {...text("first_name")} autoComplete="off" maxLength={150} data-first="" />
          <TextField {...text("last_name")} autoComplete="off" maxLength={150} />
        </div>
        <TextField {...text("username")} autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={150} />
        <TextField {...text("email")} type="email" autoComplete="off" maxLength={254} />
        <GroupChoice
          chosen={typed.groups}
          error={fields.groups}
          onChange={(groups) => setTyped({ ...typed, groups })}
        />
        <Refusal error={error} />
        <div className={css.answers}>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" kind="primary" disabled={busy}>
            {t("invite.send")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function trimmed(typed: Invitation): Invitation {
  return {
    username: typed.username.trim(),
    first_name: typed.first_name.trim(),
    last_name: typed.last_name.trim(),
    email: typed.email.trim(),
    groups: typed.groups,
  };
}
