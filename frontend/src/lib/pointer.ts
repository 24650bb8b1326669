/** Words for who points: a finger taps, a mouse clicks. */
export function byFinger(): boolean {
  return window.matchMedia("(pointer: coarse)").matches;
}
