/** Do something and say what happened: done, with its undo where there is one, or refused and why. */
import i18next from "i18next";
import { isProblem } from "@/api/problem";
import { notify } from "@/lib/notices";
import { errorText, requestIdOf } from "@/lib/ui/errors";

/** Return the error, for a form to show beside its fields; null when it is done. */
export async function act(
  deed: () => Promise<unknown>,
  said: string,
  { quiet = false, ...how }: { undo?: () => Promise<unknown>; quiet?: boolean } = {},
): Promise<unknown> {
  try {
    await actOrThrow(deed, said, how);
    return null;
  } catch (error) {
    if (!quiet) tellRefusal(error);
    return error;
  }
}

/** A refusal is thrown, for the question to show. */
export async function actOrThrow(
  deed: () => Promise<unknown>,
  said: string,
  { undo }: { undo?: () => Promise<unknown> } = {},
): Promise<void> {
  await deed();
  notify({
    kind: "done",
    text: said,
    ...(undo ? { action: { label: i18next.t("administration:undo"), run: () => void takeBack(undo) } } : {}),
  });
}

function takeBack(undo: () => Promise<unknown>): Promise<unknown> {
  return act(undo, i18next.t("administration:undone"));
}

function tellRefusal(error: unknown): void {
  notify({ kind: "error", text: refusalText(error), ...requestIdOf(error) });
}

/** The administration's own words for a refusal, else the words everybody gets, else the server's sentence. */
export function refusalText(error: unknown): string {
  const code = isProblem(error) ? error.code : "";
  return i18next.t(`administration:refused.${code}`, { defaultValue: "" }) || errorText(error, i18next.t);
}
