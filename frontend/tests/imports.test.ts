/** lib <- api <- map <- layers <- features <- main: imports point left only; no feature imports another. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(__dirname, "../src");
const ORDER = ["lib", "api", "map", "layers", "features", "main"];

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] ?? "");
}

const modules = sources(SRC).map((path) => ({ path: relative(SRC, path), imports: importsOf(path) }));

describe("import direction", () => {
  it("points left only", () => {
    const wrong = modules.flatMap(({ path, imports }) => {
      const from = ORDER.indexOf(path.split("/")[0] ?? "");
      return imports
        .filter((target) => target.startsWith("@/"))
        .filter((target) => ORDER.indexOf(target.split("/")[1] ?? "") > from)
        .map((target) => `${path} imports ${target}`);
    });

    expect(wrong).toEqual([]);
  });

  it("keeps relative imports inside the folder", () => {
    const wrong = modules.flatMap(({ path, imports }) =>
      imports
        .filter((target) => target.startsWith("../"))
        .map((target) => ({ target, place: join(path, "..", target).split("/")[0] }))
        .filter(({ place }) => place !== path.split("/")[0] && place !== "locales")
        .map(({ target }) => `${path} imports ${target}`),
    );

    expect(wrong).toEqual([]);
  });

  it("lets no feature import another", () => {
    const wrong = modules.flatMap(({ path, imports }) => {
      const own = /^features\/([^/]+)\//.exec(path)?.[1];
      if (!own) return [];
      return imports
        .map((target) => /^@\/features\/([^/]+)\//.exec(target)?.[1] ?? /^\.\.\/([^./][^/]*)\//.exec(target)?.[1])
        .filter((other) => other !== undefined && other !== own)
        .map((other) => `${path} imports feature ${other}`);
    });

    expect(wrong).toEqual([]);
  });

  it("keeps OpenLayers in map/ and layers/", () => {
    const wrong = modules
      .filter(({ path }) => !/^(map|layers)\//.test(path))
      .filter(({ imports }) => imports.some((target) => /^ol(\/|$)/.test(target)))
      .map(({ path }) => path);

    expect(wrong).toEqual([]);
  });
});
