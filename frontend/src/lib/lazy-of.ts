/** The lazy component of a loader, the same one every time. */
import { type ComponentType, lazy } from "react";

const loaded = new Map<unknown, ComponentType<never>>();

export function lazyOf<Props>(load: () => Promise<{ default: ComponentType<Props> }>): ComponentType<Props> {
  let component = loaded.get(load) as ComponentType<Props> | undefined;
  if (!component) {
    component = lazy(
      load as unknown as () => Promise<{ default: ComponentType<object> }>,
    ) as unknown as ComponentType<Props>;
    loaded.set(load, component as ComponentType<never>);
  }
  return component;
}
