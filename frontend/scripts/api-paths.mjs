// Fail when the browser asks for an address or a method that the server's OpenAPI does not have.
//   .venv/bin/python manage.py spectacular --format openapi-json --file schema.json && npm run api:check -- schema.json
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = join(dirname(fileURLToPath(import.meta.url)), "../src");
const file = process.argv[2];
if (!file) {
  console.error("Give the server's OpenAPI as a JSON file.");
  process.exit(2);
}
const { paths } = JSON.parse(readFileSync(file, "utf8"));
const served = Object.entries(paths).map(([path, methods]) => ({
  parts: path.split("/").filter(Boolean),
  methods: Object.keys(methods),
}));

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /(?<!\.test)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

const isHole = (part) => part.includes("{");
const matches = (asked, known) =>
  asked.length === known.length && known.every((part, i) => isHole(part) || isHole(asked[i]) || part === asked[i]);

let calls = 0;
const problems = [];
for (const path of sources(source)) {
  const text = readFileSync(path, "utf8");
  for (const [, method, , address] of text.matchAll(
    /http\s*\.(get|post|put|patch|delete)(<[^(]*>)?\(\s*["'`](\/api\/[^"'`]+)["'`]/g,
  )) {
    calls += 1;
    const asked = address
      .replace(/\$\{[^}]*\}/g, "{}")
      .split("/")
      .filter(Boolean);
    const known = served.filter(({ parts }) => matches(asked, parts));
    if (!known.some(({ methods }) => methods.includes(method)))
      problems.push(`${path.slice(source.length + 1)}: the server has no ${method.toUpperCase()} ${address}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`${calls} requests of the browser, ${problems.length} unknown to the server`);
process.exit(problems.length || !calls ? 1 : 0);
