/** An edit of the ledger is taken back by another edit that writes the former values. */
import { type LedgerFields, ledgerOf } from "@/api/customer-commands";
import type { CustomerCard, Edit } from "@/api/types";

/**
 * The fields to write; null where the edit cannot be taken back: one of its fields was changed again since, the system made it, or
 * it changed contacts, of which the journal keeps only how the numbers end.
 */
export function formerValues(edit: Edit, card: CustomerCard): Partial<LedgerFields> | null {
  const ledger: Readonly<Record<string, unknown>> = { ...ledgerOf(card) };
  const stands = edit.changes.every(
    ({ field, to }) => field !== "contacts" && field in ledger && isSame(ledger[field], told(field, to)),
  );
  if (card.deleted_at || !edit.actor || !stands) return null;
  return Object.fromEntries(edit.changes.map(({ field, from }) => [field, told(field, from)]));
}

/** The audit writes decimals as text. */
function told(field: string, value: unknown): unknown {
  return field.endsWith("_kva") && value !== null ? Number(value) : value;
}

/** The order of classes says nothing. */
function isSame(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) ? [...a].sort().join() === [...b].sort().join() : a === b;
}
