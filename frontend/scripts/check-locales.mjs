// Fail when English and Chinese do not have the same texts with the same placeholders. Part of the build.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);
const root = join(dirname(here), "../src/locales");
const LANGUAGES = ["en", "zh"];

function flatten(texts, prefix = "") {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "string" ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  );
}

// English has plural forms (_one, _other), Chinese only _other.
const plain = (key) => key.replace(/_(one|other)$/, "");
const placeholders = (text) => [...new Set([...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]))].sort().join();

export function localeProblems() {
  const problems = [];
  const namespaces = new Set(
    LANGUAGES.flatMap((language) => readdirSync(join(root, language)).filter((name) => name.endsWith(".json"))),
  );
  for (const namespace of namespaces) {
    const texts = LANGUAGES.map((language) => {
      try {
        return new Map(flatten(JSON.parse(readFileSync(join(root, language, namespace), "utf8"))));
      } catch (error) {
        problems.push(`${language}/${namespace}: ${error.message}`);
        return new Map();
      }
    });
    const keys = texts.map((map) => new Map([...map].map(([key, text]) => [plain(key), text])));
    LANGUAGES.forEach((language, index) => {
      const other = keys[1 - index];
      for (const [key, text] of keys[index]) {
        if (!text.trim()) problems.push(`${language}/${namespace}: "${key}" is empty`);
        if (!other.has(key)) problems.push(`${LANGUAGES[1 - index]}/${namespace}: "${key}" is missing`);
        else if (index === 0 && placeholders(text) !== placeholders(other.get(key)))
          problems.push(`${namespace}: "${key}" has other placeholders in zh`);
      }
    });
  }
  return problems;
}

if (process.argv[1] === here) {
  const problems = localeProblems();
  for (const problem of problems) console.error(problem);
  if (problems.length) process.exit(1);
}
