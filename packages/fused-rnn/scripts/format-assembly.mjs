// @ts-check
// Formats assembly/ by the repository's Biome. AssemblyScript decorates functions and variables, which
// TypeScript's grammar does not know: these decorators are comments while Biome reads a file.
// Lengths, also of what biome-ignore keeps, are judged by scripts/check-graph.mjs.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "assembly");
const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");

/**
 * What Biome makes of a file.
 *
 * @param {string} name
 * @param {string} source
 */
function formatted(name, source) {
  const input = source.replace(/^@(inline|lazy)\s+/gm, "//@$1\n");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [biome, "format", "--line-width=120", `--stdin-file-path=${name}`],
    { input, encoding: "utf8", cwd: dirname(dirname(dirname(folder))) },
  );
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return stdout.replace(/^\/\/@(inline|lazy)$/gm, "@$1");
}

/**
 * Formats the files in place, or, to check them, leaves them; returns what is wrong with them then.
 *
 * @param {boolean} check
 */
export function formatAssembly(check) {
  /** @type {string[]} */
  const faults = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".ts"))) {
    const source = readFileSync(join(folder, name), "utf8");
    const text = formatted(name, source);
    if (check && text !== source) faults.push(`${name} is not formatted`);
    if (!check && text !== source) writeFileSync(join(folder, name), text);
  }
  return faults;
}
