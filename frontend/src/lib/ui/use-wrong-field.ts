/** After a refusal the keyboard goes to the first field that is wrong. */
import { type RefObject, useEffect } from "react";

/** Looks after each attempt, and when its refusal (the error of the request) has come. */
export function useFocusOnWrong(form: RefObject<HTMLFormElement | null>, attempts: number, refusal: unknown): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: both only say when to look.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [form, attempts, refusal]);
}
