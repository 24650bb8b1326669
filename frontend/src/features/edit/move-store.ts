/** The one move under way, and what its buttons do. */
import i18next from "i18next";
import { newIdempotencyKey } from "@/api/http";
import { deviceWords, guardOf, moveCustomer, readCard, suggestionOf, theirsOf } from "@/api/moves";
import { isProblem } from "@/api/problem";
import type { MapLayers } from "@/layers/map-layers";
import { showFeature, tellMoved } from "@/layers/moves";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { createStore } from "@/lib/store";
import {
  asksFirst,
  commandOf,
  isDirty,
  isMoved,
  keyKeeper,
  type MoveSession,
  overTheirs,
  type Phase,
  PLACING,
} from "./move-session";

export const moveSession = createStore<MoveSession | null>(null);

const keyFor = keyKeeper(newIdempotencyKey);

export function update(change: (session: MoveSession) => MoveSession): void {
  moveSession.set((session) => session && change(session));
}

export function setPhase(phase: Phase): void {
  update((session) => ({ ...session, phase }));
}

/** Start one; another that was under way can be brought back. */
export function startMove(session: MoveSession): void {
  cancelMove();
  moveSession.set(session);
}

/** Leave without saving. What was moved or typed is offered once more. */
export function cancelMove(): void {
  const session = moveSession.get();
  if (!session) return;
  moveSession.set(null);
  if (!isDirty(session)) return;
  notify({
    kind: "info",
    text: i18next.t("edit:cancelled", { name: nameOf(session.customer) }),
    action: {
      label: i18next.t("edit:bringBack"),
      run: () => startMove({ ...session, phase: session.phase.name === "conflict" ? session.phase : PLACING }),
    },
  });
}

/** The drop: one request. Every refusal leaves the session as it was, with the question that follows. */
export async function saveMove(layers: MapLayers, guard_m: number, confirmed = false): Promise<void> {
  const session = moveSession.get();
  if (!session || session.phase.name === "saving" || !isMoved(session)) return;
  const far_m = confirmed ? null : asksFirst(session, guard_m);
  if (far_m !== null) {
    setPhase({ name: "askingFar", distance_m: far_m, guard_m });
    return;
  }
  const command = commandOf(session, deviceWords(), confirmed);
  if (!command) return;
  setPhase({ name: "saving" });
  try {
    const answer = await moveCustomer(session.customer.id, command, keyFor(command));
    moveSession.set(null);
    showFeature(layers, answer.feature);
    tellMoved(layers, answer);
  } catch (error) {
    setPhase(phaseAfter(error));
  }
}

function phaseAfter(error: unknown): Phase {
  const theirs = theirsOf(error);
  if (theirs) return { name: "conflict", theirs };
  const guard = guardOf(error);
  if (guard) return { name: "askingFar", ...guard };
  if (isProblem(error, "looks_swapped")) return { name: "swapped", suggestion: suggestionOf(error) };
  return { name: "failed", error };
}

export function keepTheirs(): void {
  const session = moveSession.get();
  if (session?.phase.name !== "conflict") return;
  const { customer, phase } = session;
  moveSession.set(null);
  void readCard(customer.id);
  notify({
    kind: "info",
    text: i18next.t("edit:keptTheirs", {
      name: nameOf(customer),
      who: phase.theirs.actor_name || phase.theirs.actor || "",
    }),
    action: { label: i18next.t("edit:bringBack"), run: () => startMove(session) },
  });
}

export function putMine(layers: MapLayers, guard_m: number): void {
  update((session) => (session.phase.name === "conflict" ? overTheirs(session, session.phase.theirs) : session));
  void saveMove(layers, guard_m);
}
