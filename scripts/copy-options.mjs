// @ts-check
// Copies core-rnn's rule for options to the packages that depend on nothing of ours. With --check: fails
// unless the copies are what the source gives.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./workspace.mjs";

const copies = {
  preprocess: ["options", "option-kinds"],
  "datasets-imdb": ["options"],
  "backend-select": ["options"],
};

for (const [name, file] of Object.entries(copies).flatMap(([name, files]) =>
  files.map((file) => [name, file]),
)) {
  const source = `packages/core-rnn/src/${file}.ts`;
  const text = `// Generated from ${source} by scripts/copy-options.mjs; do not edit.
${readFileSync(join(root, source), "utf8")}`;
  const target = `packages/${name}/src/generated/${file}.ts`;
  const path = join(root, target);
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`${target} is not what ${source} gives: run node scripts/copy-options.mjs`);
    process.exit(1);
  }
}
console.log(process.argv.includes("--check") ? "copies are fresh" : "copied");
