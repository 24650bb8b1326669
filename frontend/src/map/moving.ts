/** "Somebody wants to move this one": said by the card's button, the key m and the tray; the edit feature listens. */
import type { CustomerRow } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import { createStore } from "@/lib/store";

export interface MoveWish {
  customer: CustomerRow;
  /** Where it was dropped already (from the tray). */
  to: LonLat | null;
}

export const moveWish = createStore<MoveWish | null>(null);

export function askToMove(customer: CustomerRow, to: LonLat | null = null): void {
  moveWish.set({ customer, to });
}
