/** Open, edit, delete and restore customers. */
import { customerKeys } from "./customers";
import { http } from "./http";
import { rememberCard } from "./moves";
import { isProblem } from "./problem";
import { queryClient } from "./query-client";
import type { CustomerCard, CustomerClass, CustomerStatus, Grade, PointSource } from "./types";

/** A person to call. `role` is a word of `domain:contactRole` or the utility's own. */
export interface ContactFields {
  name: string;
  phone: string;
  role: string;
  is_duty: boolean;
}

/** The fields of the ledger that a person types. */
export interface LedgerFields {
  name: string;
  name_en: string;
  name_zh: string;
  enterprise: string;
  grade: Grade;
  classes: CustomerClass[];
  status: CustomerStatus;
  address: string;
  contract_kva: number | null;
  running_kva: number | null;
  voltage: string;
  /** The whole list: who is not in it is gone. */
  contacts: ContactFields[];
}

export interface NewCustomer extends Partial<LedgerFields> {
  name: string;
  account_no: string;
  lon?: number;
  lat?: number;
  datum?: string;
  source?: PointSource;
  accuracy_m?: number | null;
  device?: string;
  reason?: string;
}

export type LedgerPatch = Partial<LedgerFields> & { base_version: number };

export async function createCustomer(body: NewCustomer, idempotencyKey: string): Promise<CustomerCard> {
  const card = await http.post<CustomerCard>("/api/v1/customers", body, { idempotencyKey });
  rememberCard(card);
  return card;
}

export async function editCustomer(id: number, patch: LedgerPatch, idempotencyKey: string): Promise<CustomerCard> {
  const card = await http.patch<CustomerCard>(`/api/v1/customers/${id}`, patch, { idempotencyKey });
  rememberCard(card);
  return card;
}

export async function deleteCustomer(
  id: number,
  body: { base_version: number; reason: string },
  idempotencyKey?: string,
): Promise<CustomerCard> {
  const card = await http.delete<CustomerCard>(
    `/api/v1/customers/${id}`,
    body,
    idempotencyKey ? { idempotencyKey } : {},
  );
  rememberCard(card);
  void queryClient.invalidateQueries({ queryKey: customerKeys.history(id) });
  return card;
}

export async function restoreCustomer(id: number, reason = ""): Promise<CustomerCard> {
  const card = await http.post<CustomerCard>(`/api/v1/customers/${id}/restore`, { reason });
  rememberCard(card);
  void queryClient.invalidateQueries({ queryKey: customerKeys.history(id) });
  return card;
}

/** The customer as somebody else left it, from the 409 of an edit or a delete. */
export function theirCardOf(error: unknown): CustomerCard | null {
  return isProblem(error, "version_conflict") ? (error.body.theirs as CustomerCard) : null;
}

export function ledgerOf(card: CustomerCard): LedgerFields {
  return {
    name: card.name,
    name_en: card.name_en ?? "",
    name_zh: card.name_zh ?? "",
    enterprise: card.enterprise?.name ?? "",
    grade: card.grade,
    classes: [...card.classes].sort(),
    status: card.status,
    address: card.address,
    contract_kva: card.contract_kva,
    running_kva: card.running_kva,
    voltage: card.voltage ?? "",
    contacts: card.contacts.map(({ name, phone, role, is_duty }) => ({ name, phone, role, is_duty })),
  };
}
