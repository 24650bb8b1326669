/** Colours of the design tokens for what features draw on the map, read once per theme. */
import { perLook } from "./look";

export interface Ink {
  surface: string;
  text: string;
  accent: string;
  onAccent: string;
  normal: string;
  warning: string;
  commissioning: string;
  /** Behind lines and letters, so that they are read on any map. */
  halo: string;
}

export const ink = perLook<Ink>(({ theme, imagery }) => {
  const root = document.documentElement;
  const style = getComputedStyle(root);
  const token = (name: string) => style.getPropertyValue(name).trim() || "#000";
  // The map may be light on a dark page, as paper is: the tokens are those of its own theme.
  const page = root.dataset.theme;
  root.dataset.theme = theme;
  const colours = {
    surface: token("--surface"),
    text: token("--text"),
    accent: token("--accent"),
    onAccent: token("--on-accent"),
    normal: token("--normal"),
    warning: token("--warning"),
    commissioning: token("--commissioning"),
    halo: theme === "dark" || imagery ? "rgba(7, 16, 22, 0.85)" : "rgba(255, 255, 255, 0.92)",
  };
  root.dataset.theme = page ?? theme;
  return colours;
});
