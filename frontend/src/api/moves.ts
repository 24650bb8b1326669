/** Commands on a customer's position, and its journal. What the server answers goes into the caches at once. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import type { LonLat } from "@/lib/coordinates";
import { customerKeys } from "./customers";
import { http } from "./http";
import { type ApiProblem, isProblem } from "./problem";
import { queryClient } from "./query-client";
import type { CustomerCard, CustomerRow, Feature, HistoryRow, Move, PointSource } from "./types";

/** Position in `datum`, as it was given; the server converts and keeps how it was given. */
export interface MoveCommand {
  lon: number;
  lat: number;
  datum: string;
  source: PointSource;
  accuracy_m: number | null;
  base_version: number;
  reason: string;
  device: string;
  confirm_distance: boolean;
}

export interface UndoCommand {
  move_id: number;
  base_version: number;
  reason: string;
  device: string;
}

export interface Moved {
  feature: Feature;
  move: Move;
  customer: CustomerCard;
}

/** What a 409 version_conflict tells of the other person's change. */
export interface Theirs {
  lon: number | null;
  lat: number | null;
  version: number;
  actor: string | null;
  actor_name: string | null;
  at: string | null;
  reason: string | null;
  kind: Move["kind"] | null;
  distance_m: number | null;
}

export function theirsOf(error: unknown): Theirs | null {
  return isProblem(error, "version_conflict") ? (error.body.theirs as Theirs) : null;
}

export function guardOf(error: unknown): { distance_m: number; guard_m: number } | null {
  if (!isProblem(error, "guard_distance")) return null;
  return { distance_m: Number(error.body.distance_m), guard_m: Number(error.body.guard_m) };
}

export function suggestionOf(error: ApiProblem): LonLat {
  return error.body.suggestion as LonLat;
}

export async function moveCustomer(id: number, command: MoveCommand, idempotencyKey: string): Promise<Moved> {
  const answer = await http.post<Moved>(`/api/v1/customers/${id}/move`, command, { idempotencyKey });
  remember(answer);
  return answer;
}

export async function undoCustomerMove(id: number, command: UndoCommand, idempotencyKey: string): Promise<Moved> {
  const answer = await http.post<Moved>(`/api/v1/customers/${id}/undo`, command, { idempotencyKey });
  remember(answer);
  return answer;
}

export function useHistory(id: number) {
  return useQuery(historyQuery(id));
}

/** The moves alone: what can be taken back. */
export async function readHistory(id: number): Promise<Move[]> {
  return (await queryClient.fetchQuery({ ...historyQuery(id), staleTime: 0 })).filter(isMove);
}

export function isMove(row: HistoryRow): row is Move {
  return row.kind !== "edit";
}

function historyQuery(id: number) {
  return queryOptions({
    queryKey: customerKeys.history(id),
    queryFn: ({ signal }) => http.get<HistoryRow[]>(`/api/v1/customers/${id}/history`, { signal }),
  });
}

export function readCard(id: number): Promise<CustomerCard> {
  return queryClient.fetchQuery({
    queryKey: customerKeys.card(id),
    queryFn: ({ signal }) => http.get<CustomerCard>(`/api/v1/customers/${id}`, { signal }),
    staleTime: 0,
  });
}

function remember({ customer }: Moved): void {
  rememberCard(customer);
  void queryClient.invalidateQueries({ queryKey: customerKeys.history(customer.id) });
}

/** A card that came with an answer; lists, counts and the tray ask again. */
export function rememberCard(card: CustomerCard): void {
  queryClient.setQueryData<CustomerCard>(customerKeys.card(card.id), card);
  forgetLists();
}

export function forgetLists(): void {
  void queryClient.invalidateQueries({ queryKey: customerKeys.lists });
  void queryClient.invalidateQueries({ queryKey: ["customers", "counts"] });
}

export function positionOf(row: CustomerRow): LonLat | null {
  return row.lon === null || row.lat === null ? null : { lon: row.lon, lat: row.lat };
}

/** How the journal names this device: enough to tell a tablet from a desk, nothing that tells a person. */
export function deviceWords(): string {
  const touch = globalThis.matchMedia?.("(pointer: coarse)").matches ? "touch" : "mouse";
  const { platform } = navigator;
  return `${platform || "browser"}, ${touch}`.slice(0, 120);
}
