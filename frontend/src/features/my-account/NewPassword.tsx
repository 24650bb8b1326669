/** A new password with the rules beside it, ticked while it is typed. */
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { PasswordRule } from "@/api/types";
import { judge, rulesToShow } from "@/lib/password-rules";
import { Icon } from "@/lib/ui";
import { PasswordField } from "@/lib/ui/PasswordField";
import css from "./my-account.module.css";

export function NewPassword({
  rules,
  names = [],
  value,
  onChange,
  error,
  autoFocus,
}: {
  rules: readonly PasswordRule[];
  /** The person's own names, for the rule that they are no password. */
  names?: readonly string[];
  value: string;
  onChange: (password: string) => void;
  error?: string | undefined;
  autoFocus?: boolean;
}) {
  const { t } = useTranslation("my-account");
  const listId = useId();
  return (
    <div className={css.newPassword}>
      <PasswordField
        label={t("password.new")}
        name="new-password"
        autoComplete="new-password"
        autoFocus={autoFocus}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        error={error}
        describedBy={listId}
      />
      <ul id={listId} className={css.rules} aria-label={t("password.rules")}>
        {rulesToShow(rules).map((rule) => {
          const judgement = judge(rule, value, names);
          return (
            <li key={rule.code} data-judgement={judgement}>
              <Icon name={judgement === "met" ? "check" : "circle"} size={14} />
              <span>
                {t(`password.rule.${rule.code}`, { count: rule.value ?? 0, defaultValue: rule.code })}
                {judgement === "later" ? (
                  <small> {t("password.judgement.later")}</small>
                ) : (
                  <span className="visually-hidden"> ({t(`password.judgement.${judgement}`)})</span>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Whether the browser sees a rule that is not met: then the server need not be asked. */
export function isAcceptable(rules: readonly PasswordRule[], password: string, names: readonly string[] = []): boolean {
  return password !== "" && rulesToShow(rules).every((rule) => judge(rule, password, names) !== "open");
}
