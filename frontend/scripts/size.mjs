// Print the gzipped JavaScript a browser loads before the first map, and fail above the budget (250 kB).
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 250;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

// The entry, the map page it opens, and the texts of one language (the larger one, to be honest).
const roots = ["index.html", "src/main/MapPage.tsx", "src/locales/zh/first.ts"];
const files = new Map();

function collect(key, because) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the manifest`);
  if (files.has(chunk.file)) return;
  if (chunk.file.endsWith(".js")) files.set(chunk.file, because);
  for (const imported of chunk.imports ?? []) collect(imported, because);
}
for (const root of roots) collect(root, root);

let total = 0;
for (const [file, because] of files) {
  const bytes = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}  (${because})`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB gz before the first map; budget ${BUDGET_KB} kB`);
if (total > BUDGET_KB * 1000) process.exit(1);
