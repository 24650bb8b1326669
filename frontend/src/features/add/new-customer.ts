/** The form of a new customer as plain values: checked here, sent once, kept until it is saved. */

import type { NewCustomer } from "@/api/customer-commands";
import type { CustomerClass, CustomerStatus, Grade, PointSource } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import { type Datum, toWgs84 } from "@/lib/datums";
import { numberTyped } from "@/lib/numbers";

export const WAYS = ["map", "typed", "device", "address", "none"] as const;
export type Way = (typeof WAYS)[number];

export interface GivenPlace extends LonLat {
  datum: Datum;
  source: PointSource;
}

export interface CustomerForm {
  way: Way;
  place: GivenPlace | null;
  accuracy: string;
  name: string;
  account_no: string;
  enterprise: string;
  grade: Grade;
  classes: CustomerClass[];
  status: CustomerStatus;
  address: string;
  contract_kva: string;
  contact_name: string;
  contact_phone: string;
  reason: string;
}

export const EMPTY_FORM: CustomerForm = {
  way: "map",
  place: null,
  accuracy: "",
  name: "",
  account_no: "",
  enterprise: "",
  grade: "none",
  classes: [],
  status: "normal",
  address: "",
  contract_kva: "",
  contact_name: "",
  contact_phone: "",
  reason: "",
};

/** Key of the text that says what is wrong. */
export type FormErrors = Partial<Record<keyof CustomerForm, string>>;

export function errorsOf(form: CustomerForm): FormErrors {
  const errors: FormErrors = {};
  if (!form.name.trim()) errors.name = "required";
  if (!form.account_no.trim()) errors.account_no = "required";
  else if (!/^[0-9A-Za-z-]{1,16}$/.test(form.account_no.trim())) errors.account_no = "accountNoWrong";
  if (Number.isNaN(numberTyped(form.contract_kva))) errors.contract_kva = "kvaWrong";
  const accuracy = numberTyped(form.accuracy);
  if (accuracy !== null && !(accuracy > 0 && accuracy <= 100_000)) errors.accuracy = "accuracyWrong";
  if (form.contact_phone.trim() && !/^[0-9+()/ .-]{3,40}$/.test(form.contact_phone.trim())) {
    errors.contact_phone = "phoneWrong";
  }
  if (form.contact_name.trim() && !form.contact_phone.trim()) errors.contact_phone = "phoneMissing";
  if (form.contact_phone.trim() && !form.contact_name.trim()) errors.contact_name = "contactMissing";
  if (form.way !== "none" && !form.place) errors.place = "placeMissing";
  return errors;
}

export function bodyOf(form: CustomerForm, device: string): NewCustomer {
  const { place } = form;
  const accuracy_m = numberTyped(form.accuracy);
  const body: NewCustomer = {
    name: form.name.trim(),
    account_no: form.account_no.trim(),
    enterprise: form.enterprise.trim(),
    grade: form.grade,
    classes: form.classes,
    status: form.status,
    address: form.address.trim(),
    contract_kva: numberTyped(form.contract_kva),
    reason: form.reason.trim(),
    device,
  };
  if (form.contact_phone.trim()) {
    const contact = { name: form.contact_name.trim(), phone: form.contact_phone.trim(), role: "duty", is_duty: true };
    body.contacts = [contact];
  }
  if (form.way !== "none" && place) Object.assign(body, place, accuracy_m === null ? {} : { accuracy_m });
  return body;
}

export function shownAt({ way, place }: CustomerForm): LonLat | null {
  return way !== "none" && place ? toWgs84(place, place.datum) : null;
}

export function isTouched(form: CustomerForm): boolean {
  return JSON.stringify({ ...form, way: "map" }) !== JSON.stringify(EMPTY_FORM);
}

/** The server's field names onto the form's. */
export function formErrorsOf(fieldErrors: Readonly<Record<string, readonly string[]>>): FormErrors {
  const names: Readonly<Record<string, keyof CustomerForm>> = {
    lon: "place",
    lat: "place",
    datum: "place",
    accuracy_m: "accuracy",
    "contacts.0.name": "contact_name",
    "contacts.0.phone": "contact_phone",
  };
  const errors: FormErrors = {};
  for (const [field, texts] of Object.entries(fieldErrors)) {
    const name = names[field] ?? (field as keyof CustomerForm);
    errors[name] = [errors[name], ...texts].filter(Boolean).join(" ");
  }
  return errors;
}
