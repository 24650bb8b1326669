/** Find every feature by its folder: `features/<name>/index.ts` exporting `feature`. Nothing to register by hand. */
import { cardSlots } from "@/features/card-slots";
import type { Feature } from "@/features/feature";

const modules = import.meta.glob<{ feature: Feature }>("../features/*/index.{ts,tsx}", { eager: true });

export const features: readonly Feature[] = Object.values(modules).map((module) => module.feature);

function byOrder(a: { order: number }, b: { order: number }): number {
  return a.order - b.order;
}

export const railItems = features.flatMap((feature) => feature.rail ?? []).sort(byOrder);
export const topBarItems = features.flatMap((feature) => feature.topBar ?? []).sort(byOrder);
export const panels = features.flatMap((feature) => feature.panels ?? []);
export const drawers = features.flatMap((feature) => feature.drawers ?? []);
export const pages = features.flatMap((feature) => feature.pages ?? []);
export const cards = features.flatMap((feature) => feature.cards ?? []);
export const mapControls = features.flatMap((feature) => feature.mapControls ?? []).sort(byOrder);
export const overlays = features.flatMap((feature) => feature.overlays ?? []);

cardSlots.set({
  tabs: features.flatMap((feature) => feature.cardTabs ?? []).sort(byOrder),
  actions: features.flatMap((feature) => feature.cardActions ?? []).sort(byOrder),
});
