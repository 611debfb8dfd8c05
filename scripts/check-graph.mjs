// @ts-check
// Which package may import which (CONTRIBUTING.md draws it). Fails on any other arrow, on a
// relative import that leaves its package, on an import that package.json does not declare, and on
// `instanceof` of a class of the platform, of which an object of another realm is none.
// Checks this repository, or the one whose root is named on the command line.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import typescript from "typescript";

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));

/** @type {Record<string, string[]>} allowed arrows between published packages */
const arrows = {
  "core-rnn": [],
  preprocess: [],
  "datasets-imdb": [],
  "backend-select": [],
  "fused-rnn": ["core-rnn"],
  "keras-builders": ["core-rnn", "fused-rnn"],
  "keras-files": ["core-rnn", "fused-rnn", "keras-builders"],
};
// What tests may reach besides: never shipped.
const forTests = ["@rnnkit/test-kit", "@rnnkit/fixtures"];

// What realm.ts knows, and what it would have to.
const platformClass =
  /\binstanceof\s+(?:globalThis\.)?(\w*Array|\w*ArrayBuffer|DataView|Blob|File|URL|AbortSignal|WebAssembly\.\w+|Map|Set|Date|RegExp|Promise|Function|Object|ReadableStream|Request|Response)\b/g;

/** @type {string[]} */
const complaints = [];

for (const name of readdirSync(join(root, "packages"))) {
  const folder = join(root, "packages", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const allowed = arrows[name];
  if (!allowed) {
    complaints.push(`packages/${name}: not in the package graph of scripts/check-graph.mjs`);
    continue;
  }
  const shipped = { ...manifest.dependencies, ...manifest.peerDependencies };
  const tested = { ...shipped, ...manifest.devDependencies };
  for (const target of Object.keys(tested)) {
    if (!target.startsWith("@rnnkit/") || allowed.includes(target.slice(8))) continue;
    if (!(target in shipped) && forTests.includes(target)) continue;
    complaints.push(`packages/${name}/package.json: ${name} may not depend on ${target}`);
  }
  const files = ["src", "test"].map((part) => join(folder, part)).filter(existsSync);
  for (const file of files.flatMap(sources)) {
    const isTest =
      /\.(test|fixture)\.ts$/.test(file) || file.startsWith(join(folder, "test") + sep);
    const text = readFileSync(file, "utf8");
    const where = relative(root, file);
    if (!isTest) {
      for (const [found] of text.matchAll(platformClass))
        complaints.push(`${where}: ${found} is false for another realm's; realm.ts has the rule`);
    }
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith(".")) {
        if (!resolve(dirname(file), specifier).startsWith(folder + sep))
          complaints.push(`${where}: ${specifier} leaves its package; import it by name`);
        continue;
      }
      if (specifier.startsWith("node:") || builtinModules.includes(specifier)) continue;
      const target = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      if (isTest) {
        if (target in tested || target === manifest.name) continue;
        if (["vitest", "fast-check"].includes(target)) continue;
      } else if (target in shipped) {
        continue;
      }
      complaints.push(`${where}: ${target} is not declared in packages/${name}/package.json`);
    }
  }
}

if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
console.log(
  "package graph: every import follows an allowed arrow, no class of the platform is asked for",
);

/** @param {string} folder @returns {string[]} */
function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

// The compiler's own scanner: what only looks like an import, in a comment or a string, is none.
/** @param {string} text */
function importsOf(text) {
  return typescript.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}
