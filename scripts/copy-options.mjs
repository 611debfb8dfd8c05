// @ts-check
// Copies core-rnn's rules, for options and for values of other realms, to the packages that depend on nothing
// of ours. With --check: fails unless the copies are what the sources give.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./workspace.mjs";

/** @type {Record<string, string[]>} */
const copies = {
  options: ["preprocess", "datasets-imdb", "backend-select"],
  "option-kinds": ["preprocess"],
  realm: ["preprocess", "datasets-imdb"],
};

for (const [rule, names] of Object.entries(copies)) {
  const source = `packages/core-rnn/src/${rule}.ts`;
  const text = `// Generated from ${source} by scripts/copy-options.mjs; do not edit.
${readFileSync(join(root, source), "utf8")}`;
  for (const name of names) {
    const target = `packages/${name}/src/generated/${rule}.ts`;
    const file = join(root, target);
    if (!process.argv.includes("--check")) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } else if (readFileSync(file, "utf8") !== text) {
      console.error(`${target} is not what ${source} gives: run node scripts/copy-options.mjs`);
      process.exit(1);
    }
  }
}
console.log(process.argv.includes("--check") ? "copies are fresh" : "copied");
