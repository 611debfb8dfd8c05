import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import typescript from "typescript";
import { expect, inject, test } from "vitest";
import { packages, readManifest, type Target } from "./packages.ts";

const projects = inject("projects");

test.each(packages)("$name: every entry of exports imports in plain Node", ({ name, manifest }) => {
  const specifiers = Object.keys(manifest.exports)
    .filter((entry) => !entry.endsWith(".json"))
    .map((entry) => manifest.name + entry.slice(1));
  const script = `
    const names = {};
    for (const specifier of ${JSON.stringify(specifiers)})
      names[specifier] = Object.keys(await import(specifier)).length;
    console.log(JSON.stringify(names));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: join(projects, name),
    encoding: "utf8",
  });
  const names: Record<string, number> = JSON.parse(printed);
  expect(Object.keys(names)).toEqual(specifiers);
  for (const specifier of specifiers) expect(names[specifier], specifier).toBeGreaterThan(0);
});

test.each(packages)("$name: CommonJS requires what a module imports", ({ name, manifest }) => {
  const specifiers = Object.keys(manifest.exports)
    .filter((entry) => !entry.endsWith(".json"))
    .map((entry) => manifest.name + entry.slice(1));
  const script = `
    (async () => {
      const others = [];
      for (const specifier of ${JSON.stringify(specifiers)}) {
        const required = require(specifier);
        const imported = await import(specifier);
        for (const key of new Set([...Object.keys(required), ...Object.keys(imported)]))
          if (key !== "__esModule" && required[key] !== imported[key]) others.push(key);
      }
      console.log(JSON.stringify(others));
    })();`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=commonjs", "--eval", script],
    { cwd: join(projects, name), encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([]);
});

test.each(packages)(
  "$name: functions and classes are called what they are exported as",
  (entry) => {
    const script = `
    const exported = Object.entries(await import("${entry.manifest.name}"));
    const others = exported.filter(([name, value]) => typeof value === "function" && value.name !== name);
    console.log(JSON.stringify(others.map(([name, value]) => [name, value.name])));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: join(projects, entry.name),
      encoding: "utf8",
    });
    expect(JSON.parse(printed)).toEqual([]);
  },
);

test.each(packages)("$name: each target of exports exists, types before code", ({ name }) => {
  const folder = join(projects, name, "node_modules", "@rnnkit", name);
  const { exports } = readManifest(folder);
  expect(exports["./package.json"]).toBe("./package.json");
  for (const target of Object.values(exports).flatMap(filesOf))
    expect(existsSync(join(folder, target)), target).toBe(true);
  for (const target of Object.values(exports).flatMap(conditionSets)) {
    expect(target).toEqual(["@rnnkit/source", "types", "default"]);
  }
});

test.each(packages)("$name: the built files are those reachable from exports", ({ name }) => {
  const folder = join(projects, name, "node_modules", "@rnnkit", name);
  const { exports } = readManifest(folder);
  const reached = new Set<string>();
  const waiting = Object.values(exports).flatMap(filesOf).filter(isBuiltCode);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const path = join(folder, file);
    if (reached.has(relative(folder, path))) continue;
    reached.add(relative(folder, path));
    const text = readFileSync(path, "utf8");
    waiting.push(...relativeImports(text).map((target) => join(dirname(file as string), target)));
  }
  const built = readdirSync(join(folder, "dist"), { recursive: true })
    .map((file) => join("dist", String(file)))
    .filter(
      (file) => file.endsWith(".js") && !isOnlyTypes(readFileSync(join(folder, file), "utf8")),
    );
  expect(built.sort()).toEqual([...reached].sort());
});

function filesOf(target: Target): string[] {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(filesOf);
}

/** The conditions that name a file, each set in its order. */
function conditionSets(target: Target): string[][] {
  if (typeof target === "string") return [];
  const own = Object.entries(target).filter(([, value]) => typeof value === "string");
  const nested = Object.values(target).flatMap(conditionSets);
  return own.length > 0 ? [own.map(([condition]) => condition), ...nested] : nested;
}

function isBuiltCode(file: string): boolean {
  return file.startsWith("./dist/") && file.endsWith(".js");
}

// A module of types alone is emitted as an empty one that no emitted import names.
function isOnlyTypes(text: string): boolean {
  return text.replace(/^\/\/.*$/gm, "").trim() === "export {};";
}

// Imports, and the workers and assets that bundlers find by `new URL("./x.js", import.meta.url)`.
function relativeImports(text: string): string[] {
  const imported = typescript.preProcessFile(text, true, true).importedFiles;
  const urls = text.matchAll(/new URL\(\s*["'](\.[^"']+\.js)["']\s*,\s*import\.meta\.url\s*\)/g);
  return [
    ...imported.map(({ fileName }) => fileName),
    ...[...urls].map((match) => String(match[1])),
  ]
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => specifier.split("/").join(sep));
}
