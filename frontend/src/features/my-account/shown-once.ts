/** What is shown this one time keeps the dialog open: neither Esc, nor Back, nor another part takes it away before it is stored. */
import { createContext, useContext, useEffect } from "react";

/** Tells the dialog around it that it is held; on a page of its own there is none. */
export const HoldDialog = createContext<(held: boolean) => void>(() => undefined);

export function useShownOnce(): void {
  const hold = useContext(HoldDialog);
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    hold(true);
    window.addEventListener("beforeunload", ask);
    return () => {
      hold(false);
      window.removeEventListener("beforeunload", ask);
    };
  }, [hold]);
}
