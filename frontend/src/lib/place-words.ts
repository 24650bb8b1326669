/** What a place of the basemap is, in words: the categories are OpenStreetMap's own and hundreds, so a rare one is just a place. */
import i18next from "i18next";

/** "Restaurant" for "restaurant", "Nightclub" for "nightclub;restaurant", "Place" for what has no word here. */
export function placeWord(category: string | undefined): string {
  const word = (category ?? "").split(/[;,]/)[0]?.trim().toLowerCase().replace(/ /g, "_") ?? "";
  const known = /^[a-z_]+$/.test(word) && i18next.exists(`places:${word}`);
  return i18next.t(`places:${known ? word : "place"}`);
}

/** "Café · Alppikatu 3". */
export function placeLine({ category, subtitle }: { category?: string; subtitle: string }): string {
  return [placeWord(category), subtitle].filter(Boolean).join(" · ");
}
