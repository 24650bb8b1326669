/** Every text in both languages, and every key the code asks for. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
// @ts-expect-error a plain script, shared with the build
import { localeProblems } from "../scripts/check-locales.mjs";
import { rulesToShow } from "../src/lib/password-rules";

const SRC = join(__dirname, "../src");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /(?<!\.test)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function keysOf(namespace: string, language = "en"): Set<string> {
  const flatten = (texts: Record<string, unknown>, prefix = ""): string[] =>
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === "string"
        ? [prefix + key, prefix + key.replace(/_(one|other)$/, "")]
        : flatten(value as Record<string, unknown>, `${prefix}${key}.`),
    );
  try {
    return new Set(flatten(JSON.parse(readFileSync(join(SRC, `locales/${language}/${namespace}.json`), "utf8"))));
  } catch {
    return new Set();
  }
}

describe("texts", () => {
  it("are complete in both languages, with the same placeholders", () => {
    expect(localeProblems()).toEqual([]);
  });

  it("exist for every literal key in the code", () => {
    const missing = sources(SRC).flatMap((path) => {
      const text = readFileSync(path, "utf8");
      const own = [...text.matchAll(/useTranslation\(\s*\[?\s*"([\w-]+)"/g)].map((match) => match[1] ?? "");
      const asked = [
        ...[...text.matchAll(/\bt\(\s*"([^"]+)"/g)].map((match) => match[1] ?? ""),
        ...[...text.matchAll(/\blabel: "([\w-]+:[\w.-]+)"/g)].map((match) => match[1] ?? ""),
      ];
      return asked
        .filter((key) => {
          const [namespace, name] = key.includes(":") ? key.split(":") : [undefined, key];
          // A file that is handed its `t` speaks in its feature's namespace.
          const feature = /features\/([^/]+)\//.exec(path)?.[1];
          const places = namespace ? [namespace] : own.length ? own : [feature ?? "common", "common"];
          return !places.some((place) => keysOf(place).has(name ?? ""));
        })
        .map((key) => `${path.slice(SRC.length + 1)}: ${key}`);
    });

    expect(missing).toEqual([]);
  });

  it.each(["en", "zh"])("tell every password rule that the server can send (%s)", (language) => {
    const server = readFileSync(join(SRC, "../../portal/passwords.py"), "utf8");
    const rules = [...server.matchAll(/"code": "(\w+)"/g)].map(([, code = ""]) => ({ code }));
    const texts = keysOf("my-account", language);

    expect(rules.map(({ code }) => code)).toContain("not_the_name");
    expect(rulesToShow(rules).filter(({ code }) => !texts.has(`password.rule.${code}`))).toEqual([]);
  });
});
