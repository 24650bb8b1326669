/** Find every feature by its folder: `features/<name>/index.ts` exporting `feature`. Nothing to register by hand. */
import { type ComponentType, lazy } from "react";
import type { Feature, Load } from "@/features/feature";

const modules = import.meta.glob<{ feature: Feature }>("../features/*/index.{ts,tsx}", { eager: true });

export const features: readonly Feature[] = Object.values(modules).map((module) => module.feature);

function byOrder(a: { order: number }, b: { order: number }): number {
  return a.order - b.order;
}

export const railItems = features.flatMap((feature) => feature.rail ?? []).sort(byOrder);
export const topBarItems = features.flatMap((feature) => feature.topBar ?? []).sort(byOrder);
export const panels = features.flatMap((feature) => feature.panels ?? []);
export const drawers = features.flatMap((feature) => feature.drawers ?? []);
export const cards = features.flatMap((feature) => feature.cards ?? []);
export const mapControls = features.flatMap((feature) => feature.mapControls ?? []).sort(byOrder);
export const overlays = features.flatMap((feature) => feature.overlays ?? []);

const loaded = new Map<unknown, ComponentType<never>>();

/** The lazy component of a loader, the same one every time. */
export function lazyOf<Props>(load: Load<Props>): ComponentType<Props> {
  let component = loaded.get(load) as ComponentType<Props> | undefined;
  if (!component) {
    component = lazy(load as unknown as Load<object>) as unknown as ComponentType<Props>;
    loaded.set(load, component as ComponentType<never>);
  }
  return component;
}
