// @ts-check
// Writes the code of the package in the current folder: of each entry in its `exports` the file that "default"
// names, from the source that "@rnnkit/source" names; declarations are tsc's. One file, and not one a module: Node
// takes a millisecond for each that it finds and reads, a page without a bundler asks for each by itself.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { rolldown } from "rolldown";
import { pureDeclarations } from "./pure-declarations.mjs";

/** @typedef {string | { [condition: string]: Target }} Target */

/** @type {{ exports: Record<string, Target> }} */
const { exports } = JSON.parse(readFileSync("package.json", "utf8"));

const bundle = await rolldown({
  input: Object.fromEntries(Object.values(exports).flatMap(entries)),
  platform: "neutral",
  tsconfig: false,
  external: (id, _importer, isResolved) => !isResolved && /^[\w@]/.test(id),
  plugins: [
    {
      name: "pure declarations",
      // Without a map of its own: nothing goes to another line.
      renderChunk: (code) => ({ code: pureDeclarations(code), map: null }),
    },
  ],
});
await bundle.write({
  ...{ dir: "dist", format: "esm", sourcemap: true },
  ...{ entryFileNames: "[name].js", chunkFileNames: "[name].js" },
  // What is meant for readers stands in the declarations and in the source, which are both packed.
  comments: { legal: true, annotation: true, jsdoc: false },
});
await bundle.close();

/**
 * Names of built files with their sources.
 *
 * @param {Target} target
 * @returns {[name: string, source: string][]}
 */
function entries(target) {
  if (typeof target === "string") return [];
  const { "@rnnkit/source": source, default: built } = target;
  const nested = Object.values(target).flatMap(entries);
  if (typeof source !== "string" || typeof built !== "string") return nested;
  return [[basename(built, ".js"), source], ...nested];
}
