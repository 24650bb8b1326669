/** When a person last touched this page. What the page does by itself (tiles, live news, timers) is no activity. */
import { createStore } from "./store";

/** Milliseconds of this device's clock. Opening the page counts. */
export const lastTouched = createStore(Date.now());

/** After this long without a touch, requests tell the server that nobody is there. */
const ATTENDED_MS = 60_000;

export function isAttended(): boolean {
  return Date.now() - lastTouched.get() < ATTENDED_MS;
}

function touched(event: Event): void {
  // A browser also "moves" a resting pointer when the page changes beneath it.
  const rests = event instanceof PointerEvent && event.type === "pointermove" && !event.movementX && !event.movementY;
  if (event.isTrusted && !rests) lastTouched.set(Date.now());
}

if (typeof window !== "undefined")
  for (const type of ["pointerdown", "pointermove", "keydown", "wheel"])
    window.addEventListener(type, touched, { passive: true, capture: true });
