// @ts-check
// Which package may import which (CONTRIBUTING.md draws it). Fails on any other arrow, on a
// relative import that leaves its package, on an import that package.json does not declare, and on
// `instanceof` of a class of the platform, of which an object of another realm is none; on files of one folder
// that import each other in a circle, be it for types alone; on a file or a line that is too long.
// Checks this repository, or the one whose root is named on the command line.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import typescript from "typescript";

/** @type {Record<string, string[]>} allowed arrows between published packages */
const arrows = {
  "core-rnn": [],
  preprocess: [],
  "datasets-imdb": [],
  // As an optional peer: what it measures is then a layer of fused-rnn.
  "backend-select": ["fused-rnn"],
  "fused-rnn": ["core-rnn"],
  "keras-builders": ["core-rnn", "fused-rnn"],
  "keras-files": ["core-rnn", "fused-rnn", "keras-builders"],
};
// What tests may reach besides: never shipped.
const forTests = ["@rnnkit/test-kit", "@rnnkit/fixtures"];

// What realm.ts knows, and what it would have to.
const platformClass =
  /\binstanceof\s+(?:globalThis\.)?(\w*Array|\w*ArrayBuffer|DataView|Blob|File|URL|AbortSignal|WebAssembly\.\w+|Map|Set|Date|RegExp|Promise|Function|Object|ReadableStream|Request|Response)\b/g;

/** Lines of a file that is read as a whole; tests and what is generated apart. */
const MOST_LINES = 320;
/** Characters of a line where no formatter looks: Biome has the others. */
const MOST_CHARACTERS = 120;

/** What is wrong with a repository, a line each. @param {string} root @returns {string[]} */
export function complaintsAbout(root) {
  const complaints = readdirSync(join(root, "packages")).flatMap((name) =>
    complaintsAboutPackage(root, name),
  );
  for (const group of ["packages", "apps", "internal"].filter((name) =>
    existsSync(join(root, name)),
  )) {
    for (const name of readdirSync(join(root, group))) {
      for (const part of ["src", "assembly"]) {
        const folder = join(root, group, name, part);
        if (existsSync(folder))
          complaints.push(...complaintsAboutFolder(root, folder, part === "assembly"));
      }
    }
  }
  return complaints;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const complaints = complaintsAbout(resolve(process.argv[2] ?? dirname(import.meta.dirname)));
  if (complaints.length > 0) {
    console.error(complaints.join("\n"));
    process.exit(1);
  }
  console.log(
    "graph: every import follows an allowed arrow, none a circle, no file is too long, no class of the platform is asked for",
  );
}

/** Arrows, names and classes. @param {string} root @param {string} name its folder's @returns {string[]} */
function complaintsAboutPackage(root, name) {
  /** @type {string[]} */
  const complaints = [];
  const folder = join(root, "packages", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const allowed = arrows[name];
  if (!allowed) {
    return [`packages/${name}: not in the package graph of scripts/check-graph.mjs`];
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
  return complaints;
}

/**
 * Circles, and lengths, in a folder of sources.
 *
 * @param {string} root
 * @param {string} folder
 * @param {boolean} isAssembly
 * @returns {string[]}
 */
function complaintsAboutFolder(root, folder, isAssembly) {
  /** @type {string[]} */
  const complaints = [];
  /** @type {Map<string, string[]>} */
  const graph = new Map();
  for (const file of sources(folder)) {
    const text = readFileSync(file, "utf8");
    const imports = importsOf(text).filter((specifier) => specifier.startsWith("."));
    // AssemblyScript's say no ending.
    graph.set(
      file,
      imports.map((specifier) => resolve(dirname(file), specifier).replace(/(\.ts)?$/, ".ts")),
    );
    const where = relative(root, file);
    const lines = text.trimEnd().split("\n");
    const isRead = !/\.(test|fixture)\.ts$|[\\/]generated[\\/]/.test(file);
    if (isRead && lines.length > MOST_LINES)
      complaints.push(`${where}: expected at most ${MOST_LINES} lines, got ${lines.length}`);
    for (const [i, { length }] of isAssembly ? lines.entries() : []) {
      if (length > MOST_CHARACTERS)
        complaints.push(
          `${where}:${i + 1}: expected at most ${MOST_CHARACTERS} characters, got ${length}`,
        );
    }
  }
  for (const circle of circlesOf(graph)) {
    const names = circle.map((file) => relative(folder, file));
    complaints.push(`${relative(root, folder)}: ${names.join(" → ")} is a circle of imports`);
  }
  return complaints;
}

/** A circle through each file that is on one, and on none named before. @param {Map<string, string[]>} graph */
function circlesOf(graph) {
  /** @type {string[][]} */
  const circles = [];
  const done = new Set();
  /** @param {string} file @param {string[]} path */
  const walk = (file, path) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
    if (path.includes(file) || done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return circles;
}

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
