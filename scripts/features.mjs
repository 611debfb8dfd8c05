// @ts-check
// Writes the tables of FEATURES.md that say what each argument of Keras does, from the results of the
// tests that check it. With --check: fails unless they say just that.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./workspace.mjs";

/**
 * What a test says in its `meta`; `keras-arguments.test.ts` has its type.
 * @typedef {{ section: string, name: string, keras: string, of: string[], kind: string,
 *   by: "rnnkit" | "stock", outcome: string, how?: string, note?: string }} Result
 */

const page = join(root, "FEATURES.md");
const [begin, end] = ["<!-- arguments: node scripts/features.mjs -->", "<!-- /arguments -->"];
/** @type {Record<string, string>} */
const colours = {
  "as in Keras": "🟢",
  "other numbers": "🟡",
  leaks: "🟡",
  warns: "🟡",
  ignored: "🔴",
  throws: "🔴",
};

const now = readFileSync(page, "utf8");
const [from, to] = [now.indexOf(begin), now.indexOf(end)];
if (from < 0 || to < from) throw new Error(`FEATURES.md: expected ${begin} and then ${end}`);
checkNamedTests(now);
const text = formatted(`${now.slice(0, from)}${begin}\n\n${tables(results())}\n${now.slice(to)}`);
if (process.argv.includes("--check")) {
  if (text !== now) {
    console.error("FEATURES.md says other than the tests: run node scripts/features.mjs");
    process.exit(1);
  }
  console.log("FEATURES.md: what the tests say");
} else {
  writeFileSync(page, text);
}

/** Each row of the table of whole models ends with a test that is there: `package/src/file`: its name. @param {string} page */
function checkNamedTests(page) {
  const rows = page
    .split("<!-- tests -->")[1]
    ?.split("<!-- /tests -->")[0]
    ?.match(/`[^`]+`: .*?\s*\|$/gm);
  if (!rows?.length)
    throw new Error("FEATURES.md: expected rows between <!-- tests --> and <!-- /tests -->");
  for (const row of rows) {
    const [, file = "", name = ""] = /`([^`]+)`: (.*?)\s*\|$/.exec(row) ?? [];
    const path = join(root, "packages", file);
    if (existsSync(path) && readFileSync(path, "utf8").includes(name)) continue;
    throw new Error(`FEATURES.md: expected a test in ${file} that says "${name}", got none`);
  }
}

/** What the tests give, all of them green. @returns {Result[]} */
function results() {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-features-"));
  const report = join(folder, "results.json");
  const options = ["--config", join(root, "vitest.shared.ts"), "--root", "packages/keras-builders"];
  const file = "src/options/keras-arguments.test.ts";
  try {
    bin("vitest", ["run", ...options, file, "--reporter=json", `--outputFile=${report}`]);
    const { testResults } = JSON.parse(readFileSync(report, "utf8"));
    return testResults[0].assertionResults.map(
      (/** @type {{ meta: { kerasArgument: Result } }} */ { meta }) => meta.kerasArgument,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {Result[]} all */
function tables(all) {
  return [...groups(all, ({ section }) => section)]
    .map(([section, those]) => {
      const kinds = new Set(those.map(({ kind }) => kind)).size;
      const rows = [...groups(those, ({ name, of }) => `${name} ${of}`).values()];
      return [
        `### ${section}\n`,
        "| Keras 3 argument | Keras 3.15.1 | stock tfjs-layers 4.22 | rnnkit | note |",
        "| --- | --- | --- | --- | --- |",
        ...rows.map((row) => line(row, kinds)),
        "",
      ].join("\n");
    })
    .join("\n");
}

/** @param {Result[]} row @param {number} kinds how many the section has */
function line(row, kinds) {
  const [{ name, keras, of, note = "" }] = /** @type {[Result]} */ (row);
  const who = of.length < kinds ? ` (${of.join(", ")})` : "";
  const cells = ["stock", "rnnkit"].map((by) => verdict(row.filter((each) => each.by === by)));
  return `| ${[`${name}${who}`, keras, ...cells, note].join(" | ")} |`;
}

/** One colour for all classes, or each colour and whose it is. @param {Result[]} those */
function verdict(those) {
  const said = [...groups(those, ({ outcome, how }) => `${outcome} ${how}`).values()];
  return said
    .map((same) => {
      const [{ outcome, how }] = /** @type {[Result]} */ (same);
      const good = outcome === "as in Keras";
      const colour = good && how ? "🟡" : colours[outcome];
      const whose = said.length > 1 ? same.map(({ kind }) => kind).join(", ") : "";
      const reason = [good ? "" : outcome, how].filter(Boolean).join(", ");
      return [colour, whose && reason ? `${whose}:` : whose, reason].filter(Boolean).join(" ");
    })
    .join(" · ");
}

/** @template T @param {T[]} list @param {(item: T) => string} key @returns {Map<string, T[]>} */
function groups(list, key) {
  const found = new Map();
  for (const item of list) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return found;
}

/** As the repository formats Markdown. @param {string} markdown */
function formatted(markdown) {
  return bin("biome", ["format", "--stdin-file-path=FEATURES.md"], markdown);
}

/** @param {string} name @param {string[]} args @param {string} [input] */
function bin(name, args, input) {
  const path = join(root, "node_modules", ".bin", name);
  const { status, stdout, stderr, error } = spawnSync(path, args, {
    cwd: root,
    encoding: "utf8",
    input,
    maxBuffer: 2 ** 26,
    shell: process.platform === "win32",
  });
  if (error) throw error;
  if (status === 0) return stdout;
  throw new Error(`${name} ${args.join(" ")}\n${stdout}${stderr}`);
}
