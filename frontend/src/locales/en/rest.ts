/** Texts of all features: every other *.json beside this file is a namespace of its own name. */
const files = import.meta.glob<Record<string, unknown>>(
  ["./*.json", "!./common.json", "!./errors.json", "!./sign-in.json"],
  { eager: true, import: "default" },
);

export default Object.fromEntries(
  Object.entries(files).map(([path, texts]) => [path.replace(/^\.\/|\.json$/g, ""), texts]),
);
