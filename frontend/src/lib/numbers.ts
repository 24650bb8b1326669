/** Read numbers as people type them: "1,250", "1 250", "1250.5", "12,5". */

const GROUPED = /^\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?$/;
const PLAIN = /^\d+(?:[.,]\d+)?$/;

/**
 * null: nothing typed; NaN: no number.
 * Groups of three after a comma are thousands, as this application prints them: "1,250" is 1250, never 1.25.
 */
export function numberTyped(text: string): number | null {
  const plain = text.trim().replace(/\s/g, "");
  if (!plain) return null;
  if (GROUPED.test(plain)) return Number(plain.replace(/[,'’]/g, ""));
  return PLAIN.test(plain) ? Number(plain.replace(",", ".")) : Number.NaN;
}
