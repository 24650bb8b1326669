/** The lazy component of a loader, the same one every time. It comes together with the texts of features. */
import { type ComponentType, lazy } from "react";
import { loadTexts } from "./i18n";

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>;

const loaded = new Map<unknown, ComponentType<never>>();

export function lazyOf<Props>(load: Load<Props>): ComponentType<Props> {
  let component = loaded.get(load) as ComponentType<Props> | undefined;
  if (!component) {
    const both = (load: Load<object>) => () => Promise.all([load(), loadTexts()]).then(([module]) => module);
    component = lazy(both(load as unknown as Load<object>)) as unknown as ComponentType<Props>;
    loaded.set(load, component as ComponentType<never>);
  }
  return component;
}
