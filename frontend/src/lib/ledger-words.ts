/** Fields of a customer and their values as people call them: one name on every screen. */
import i18next from "i18next";
import { formatNumber, formatQuantity } from "./format";

const FIELDS: Readonly<Record<string, string>> = {
  account_no: "accountNo",
  name: "name",
  name_en: "nameEn",
  name_zh: "nameZh",
  address: "address",
  status: "status",
  grade: "grade",
  classes: "class",
  enterprise: "enterprise",
  contract_kva: "contractKva",
  running_kva: "runningKva",
  voltage: "voltage",
  contacts: "contacts",
  datum: "datum",
  source: "source",
  accuracy_m: "accuracy",
  area: "area",
  updated_at: "updated",
};
const CHOICES: Readonly<Record<string, string>> = {
  grade: "grade",
  classes: "class",
  status: "status",
  source: "source",
  role: "role",
};

/** "Grade"; a field without a word keeps its own name. */
export function fieldName(field: string): string {
  const word = FIELDS[field];
  return word ? i18next.t(`domain:field.${word}`) : field;
}

/** "Contracted capacity (kVA)": over a bare number, which has its unit nowhere else. */
export function fieldNameWithUnit(field: string): string {
  const unit = field.endsWith("_kva") ? "kVA" : field.endsWith("_m") ? "m" : null;
  const words = fieldName(field);
  return unit ? i18next.t("domain:inBrackets", { words, more: unit }) : words;
}

/** "Mikko …9552 (Duty, day and night)": the audit keeps only how a phone number ends. */
export function contactWords(contact: {
  name: string;
  role: string;
  is_duty: boolean;
  phone?: string;
  phone_ends?: string;
}): string {
  const role = contact.role && i18next.t(`domain:contactRole.${contact.role}`, { defaultValue: contact.role });
  const more = [role, contact.is_duty && i18next.t("domain:dayAndNight")].filter(Boolean);
  const words = `${contact.name} ${contact.phone ?? `…${contact.phone_ends ?? ""}`}`;
  return more.length
    ? i18next.t("domain:inBrackets", { words, more: more.join(i18next.t("domain:listComma")) })
    : words;
}

/** "Special grade", "1,250 kVA", "Large customer, Key 100"; null where there is nothing. */
export function valueWords(field: string, value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (field === "contacts" && Array.isArray(value)) {
    return value.length ? value.map(contactWords).join(i18next.t("domain:listComma")) : null;
  }
  if (Array.isArray(value)) {
    return value.length ? value.map((part) => valueWords(field, part)).join(i18next.t("domain:listComma")) : null;
  }
  if (field.endsWith("_kva")) return formatQuantity(Number(value), "kVA");
  if (field === "lon" || field === "lat") return Number(value).toFixed(6);
  if (field.endsWith("_m")) return formatQuantity(Number(value), "m");
  const kind = CHOICES[field];
  if (kind) return i18next.t(`domain:${kind}.${value}`, { defaultValue: String(value) });
  if (typeof value === "number") return formatNumber(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
