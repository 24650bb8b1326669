/** Two people edited the same customer's ledger: what can stay from both, and what must be chosen. */

import { type LedgerFields, ledgerOf } from "@/api/customer-commands";
import type { CustomerCard } from "@/api/types";
import { numberTyped } from "@/lib/numbers";

/** As it stands in the form: numbers are text until they are sent. */
export type LedgerForm = Omit<LedgerFields, "contract_kva" | "running_kva"> & {
  contract_kva: string;
  running_kva: string;
};
export type LedgerField = keyof LedgerForm;

export const LEDGER_FIELDS: readonly LedgerField[] = [
  "name",
  "name_en",
  "name_zh",
  "enterprise",
  "grade",
  "classes",
  "status",
  "address",
  "contract_kva",
  "running_kva",
  "voltage",
  "contacts",
];

export function formOf(card: CustomerCard): LedgerForm {
  const ledger = ledgerOf(card);
  return { ...ledger, contract_kva: numberText(ledger.contract_kva), running_kva: numberText(ledger.running_kva) };
}

function numberText(value: number | null): string {
  return value === null ? "" : String(value);
}

export function changedFields(base: LedgerForm, values: LedgerForm): LedgerField[] {
  return LEDGER_FIELDS.filter((field) => !isSame(base[field], values[field]));
}

function isSame(a: LedgerForm[LedgerField], b: LedgerForm[LedgerField]): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  // The order of classes says nothing; contacts are compared by all that is said of each.
  const told = (list: readonly unknown[]) =>
    list
      .map((one) => JSON.stringify(one))
      .sort()
      .join();
  return told(a) === told(b);
}

export interface Merge {
  /** Mine over theirs, except where only they changed. */
  merged: LedgerForm;
  /** Both changed it, differently. */
  conflicts: LedgerField[];
  theirsOnly: LedgerField[];
}

export function mergeEdits(base: LedgerForm, mine: LedgerForm, theirs: LedgerForm): Merge {
  const theirChanges = changedFields(base, theirs);
  const myChanges = changedFields(base, mine);
  const conflicts = myChanges.filter((field) => theirChanges.includes(field) && !isSame(mine[field], theirs[field]));
  const merged = { ...theirs, ...pick(mine, myChanges) };
  return { merged, conflicts, theirsOnly: theirChanges.filter((field) => !myChanges.includes(field)) };
}

export function pick(values: LedgerForm, fields: readonly LedgerField[]): Partial<LedgerForm> {
  return Object.fromEntries(fields.map((field) => [field, values[field]]));
}

/** The part of the form that is sent: what differs, numbers as numbers. */
export function patchOf(base: LedgerForm, values: LedgerForm): Partial<LedgerFields> {
  const { contract_kva, running_kva, contacts, ...words } = pick(values, changedFields(base, values));
  return {
    ...words,
    ...(contacts === undefined
      ? {}
      : { contacts: contacts.map((one) => ({ ...one, name: one.name.trim(), phone: one.phone.trim() })) }),
    ...(contract_kva === undefined ? {} : { contract_kva: numberTyped(contract_kva) }),
    ...(running_kva === undefined ? {} : { running_kva: numberTyped(running_kva) }),
  };
}
