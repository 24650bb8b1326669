/** Rights as a table of layer x action: where each holds, and what a change of it means in rights given and taken. */
import type { LayerAction, LayerGrants } from "@/api/administration";
import type { Action } from "@/api/types";

export const ACTIONS: readonly Action[] = ["view", "add", "move", "edit", "delete", "approve", "export"];
export const EVERY_LAYER = "*";
/** What rights name beside the map's layers: all imagery alike, below them. It can only be viewed. */
export const IMAGERY = "imagery";

export function actionsOf(layer: string): readonly Action[] {
  return layer === IMAGERY ? ["view"] : ACTIONS;
}

/** Nowhere, everywhere, or the codes of areas in their order. */
export type Where = "nowhere" | "everywhere" | readonly string[];

export interface Change extends LayerAction {
  what: "given" | "taken";
}

export function whereOf(grants: readonly LayerAction[], layer: string, action: Action): Where {
  const here = grants.filter((grant) => grant.layer === layer && grant.action === action);
  if (!here.length) return "nowhere";
  if (here.some((grant) => grant.area === null)) return "everywhere";
  return here.map((grant) => grant.area ?? "").sort();
}

/** The rights with one cell of the table filled anew. No area at all is nowhere. */
export function withWhere(
  grants: readonly LayerAction[],
  layer: string,
  action: Action,
  where: Where,
): readonly LayerAction[] {
  const others = grants.filter((grant) => grant.layer !== layer || grant.action !== action);
  if (where === "nowhere") return others;
  const areas = where === "everywhere" ? [null] : where;
  return [...others, ...areas.map((area) => ({ layer, action, area }))];
}

export function changesBetween(before: readonly LayerAction[], after: readonly LayerAction[]): Change[] {
  const had = new Set(before.map(keyOf));
  const has = new Set(after.map(keyOf));
  return [
    ...after.filter((grant) => !had.has(keyOf(grant))).map((grant) => ({ ...grant, what: "given" as const })),
    ...before.filter((grant) => !has.has(keyOf(grant))).map((grant) => ({ ...grant, what: "taken" as const })),
  ].sort((a, b) => placeOf(a) - placeOf(b) || a.layer.localeCompare(b.layer));
}

/** The rights once these changes are made. */
export function withChanges(grants: readonly LayerAction[], changes: readonly Change[]): readonly LayerAction[] {
  const taken = new Set(changes.filter(({ what }) => what === "taken").map(keyOf));
  const kept = grants.filter((grant) => !taken.has(keyOf(grant)));
  const has = new Set(kept.map(keyOf));
  const given = changes.filter((change) => change.what === "given" && !has.has(keyOf(change)));
  return [...kept, ...given.map(({ layer, action, area }) => ({ layer, action, area }))];
}

/** The layers that have to be saved, each with the whole set it will have, and the set from which that started. */
export function setsToSave(before: readonly LayerAction[], after: readonly LayerAction[]): LayerGrants[] {
  const layers = [...new Set(changesBetween(before, after).map(({ layer }) => layer))];
  const of = (layer: string, grants: readonly LayerAction[]) =>
    grants.filter((grant) => grant.layer === layer).map(({ action, area }) => ({ action, area }));
  return layers.map((layer) => ({ layer, grants: of(layer, after), base: of(layer, before) }));
}

function keyOf({ layer, action, area }: LayerAction): string {
  return JSON.stringify([layer, action, area]);
}

function placeOf({ action }: LayerAction): number {
  return ACTIONS.indexOf(action);
}
