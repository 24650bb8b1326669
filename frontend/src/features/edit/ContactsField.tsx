/** The people to call: add, change, take away; who answers day and night stands on the card's first screen. */
import { useTranslation } from "react-i18next";
import type { ContactFields } from "@/api/customer-commands";
import { Button, IconButton, TextField } from "@/lib/ui";
import { SelectField } from "@/lib/ui/fields";
import css from "./edit.module.css";

const MOST = 20;
const ROLES = ["", "duty", "electrician", "manager", "head", "technical", "energy_manager"] as const;
const PHONE = /^[0-9+()/ .-]{3,40}$/;

export type ContactError = Partial<Record<"name" | "phone", string>>;

/** Keys of the texts that say what is wrong, one entry for each contact. */
export function contactErrors(contacts: readonly ContactFields[]): ContactError[] {
  return contacts.map(({ name, phone }) => ({
    ...(name.trim() ? {} : { name: "ledger.required" }),
    ...(PHONE.test(phone.trim()) ? {} : { phone: "contacts.phoneWrong" }),
  }));
}

export function ContactsField({
  contacts,
  onChange,
  error,
}: {
  contacts: readonly ContactFields[];
  onChange: (contacts: ContactFields[]) => void;
  error: (index: number, field: "name" | "phone") => string | undefined;
}) {
  const { t } = useTranslation(["edit", "domain"]);
  const change = (index: number, part: Partial<ContactFields>) =>
    onChange(contacts.map((contact, at) => (at === index ? { ...contact, ...part } : contact)));
  return (
    <fieldset className={css.contacts}>
      <legend>{t("domain:field.contacts")}</legend>
      {contacts.map((contact, index) => {
        const roles = ROLES.some((role) => role === contact.role) ? ROLES : [...ROLES, contact.role];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a contact has no number of its own, and the list is never sorted here.
          <fieldset key={index} className={css.contact}>
            <legend className="visually-hidden">{t("contacts.nth", { number: index + 1 })}</legend>
            <div className={css.contactWho}>
              <TextField
                label={t("contacts.name")}
                value={contact.name}
                maxLength={120}
                onChange={(event) => change(index, { name: event.target.value })}
                error={error(index, "name")}
              />
              <TextField
                label={t("domain:field.phone")}
                value={contact.phone}
                maxLength={40}
                inputMode="tel"
                onChange={(event) => change(index, { phone: event.target.value })}
                error={error(index, "phone")}
              />
            </div>
            <div className={css.contactMore}>
              <SelectField
                label={t("contacts.role")}
                choices={roles.map((value) => ({
                  value,
                  label: value ? t(`domain:contactRole.${value}`, { defaultValue: value }) : t("contacts.noRole"),
                }))}
                value={contact.role}
                onChoose={(role) => change(index, { role })}
              />
              <label>
                <input
                  type="checkbox"
                  checked={contact.is_duty}
                  onChange={(event) => change(index, { is_duty: event.target.checked })}
                />
                {t("contacts.duty")}
              </label>
              <IconButton
                icon="trash"
                label={t("contacts.remove", { name: contact.name || index + 1 })}
                onClick={() => onChange(contacts.filter((_, at) => at !== index))}
              />
            </div>
          </fieldset>
        );
      })}
      {contacts.length < MOST && (
        <Button
          icon="plus"
          onClick={() => onChange([...contacts, { name: "", phone: "", role: "", is_duty: contacts.length === 0 }])}
        >
          {t("contacts.add")}
        </Button>
      )}
    </fieldset>
  );
}
