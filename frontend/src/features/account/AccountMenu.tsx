/** Who is signed in; language, theme, single-key shortcuts; sign-out. */
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe, useSignOut } from "@/api/session";
import { setPreference, type Theme, usePreferences } from "@/lib/preferences";
import { Icon, type IconName, Popover } from "@/lib/ui";
import { LanguageButtons } from "@/lib/ui/LanguageButtons";
import { urlState } from "@/lib/url-state";
import css from "./account.module.css";

const THEMES: readonly { theme: Theme; icon: IconName }[] = [
  { theme: "light", icon: "sun" },
  { theme: "dark", icon: "moon" },
  { theme: "system", icon: "system" },
];

export default function AccountMenu() {
  const { t } = useTranslation(["account", "domain"]);
  const me = useMe();
  const signOut = useSignOut();
  const { theme, singleKeys } = usePreferences();
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  const initials = me.name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("");

  return (
    <Popover
      open={open}
      onClose={close}
      label={t("menu")}
      trigger={
        <button
          type="button"
          className={css.trigger}
          aria-expanded={open}
          aria-label={t("menuOf", { name: me.name, initials })}
          onClick={() => setOpen(!open)}
        >
          <span>{initials}</span>
        </button>
      }
    >
      <div className={css.person}>
        <strong>{me.name}</strong>
        <span>
          {t(`domain:role.${me.role}`)} · {me.utility.name}
        </span>
      </div>
      <fieldset className={css.choice}>
        <legend>{t("language")}</legend>
        <div className={css.segments}>
          <LanguageButtons />
        </div>
      </fieldset>
      <fieldset className={css.choice}>
        <legend>{t("theme")}</legend>
        <div className={css.segments}>
          {THEMES.map(({ theme: option, icon }) => (
            <button
              key={option}
              type="button"
              aria-pressed={theme === option}
              onClick={() => setPreference("theme", option)}
            >
              <Icon name={icon} size={16} />
              {t(`themes.${option}`)}
            </button>
          ))}
        </div>
      </fieldset>
      <label className={css.row}>
        <input
          type="checkbox"
          checked={singleKeys}
          onChange={(event) => setPreference("singleKeys", event.target.checked)}
        />
        {t("singleKeys")}
      </label>
      <button
        type="button"
        className={css.row}
        onClick={() => {
          setOpen(false);
          urlState.set({ account: "sessions" });
        }}
      >
        <Icon name="user" size={16} />
        {t("mine")}
      </button>
      <button
        type="button"
        className={css.row}
        onClick={() => {
          setOpen(false);
          urlState.set({ help: "keys" });
        }}
      >
        <Icon name="keyboard" size={16} />
        {t("keys")}
      </button>
      <button type="button" className={css.row} disabled={signOut.isPending} onClick={() => signOut.mutate()}>
        <Icon name="signOut" size={16} />
        {t("signOut")}
      </button>
    </Popover>
  );
}
