/** A password that can be shown, and a word when Caps Lock is on. */
import { type InputHTMLAttributes, type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./gate.module.css";
import { Icon, IconButton } from "./index";
import ui from "./ui.module.css";

export function PasswordField({
  label,
  error,
  describedBy,
  ...rest
}: Omit<InputHTMLAttributes<HTMLInputElement>, "type"> & {
  label: string;
  error?: string | undefined;
  describedBy?: string;
}) {
  const { t } = useTranslation("sign-in");
  const id = useId();
  const [shown, setShown] = useState(false);
  const [capsLock, setCapsLock] = useState(false);
  const watch = (event: KeyboardEvent) => setCapsLock(event.getModifierState("CapsLock"));
  const notes = [error && `${id}-error`, describedBy].filter(Boolean).join(" ");

  return (
    <div className={ui.field}>
      <label htmlFor={id}>{label}</label>
      <div className={css.password}>
        <input
          id={id}
          className={ui.input}
          type={shown ? "text" : "password"}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          aria-invalid={error ? true : undefined}
          aria-describedby={notes || undefined}
          onKeyDown={watch}
          onKeyUp={watch}
          onBlur={() => setCapsLock(false)}
          {...rest}
        />
        <IconButton
          icon={shown ? "eyeOff" : "eye"}
          label={t("show")}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        />
      </div>
      {error && (
        <span id={`${id}-error`} className={ui.fieldError}>
          {error}
        </span>
      )}
      <span role="status" className={css.hint}>
        {capsLock && (
          <>
            <Icon name="warning" size={14} />
            {t("capsLock")}
          </>
        )}
      </span>
    </div>
  );
}
