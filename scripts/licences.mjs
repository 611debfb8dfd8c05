// @ts-check
// LICENCES.md: what an install of the published packages brings besides them, under which licence, and for whom.
// `--check` fails where it is not what is installed here, and, either way, on a licence that nobody has looked at.
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { root } from "./workspace.mjs";

// Permissive ones, by their SPDX names.
const known = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "NIST-Software"];
// What a package's own `license` says in other words; read in the file that it names.
const inOtherWords = { h5wasm: "NIST-Software" };
const notes = {
  h5wasm:
    "NIST's own terms, which ask that the notice stays; its WebAssembly holds HDF5 (BSD-3-Clause) and zlib",
  "@tensorflow/tfjs-node": "its native library is TensorFlow, Apache-2.0",
  "@tensorflow/tfjs-node-gpu": "its native library is TensorFlow, Apache-2.0",
  webgpu: "its native library is Dawn, BSD-3-Clause",
};

/** @typedef {{ version: string, licence: string, by: Set<string>, role: string }} Row */
/** @type {Map<string, Row>} */
const rows = new Map();
/** Optional peers that are not installed here. @type {Map<string, Set<string>>} */
const absent = new Map();

for (const name of readdirSync(join(root, "packages"))) {
  const home = join(root, "packages", name);
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifestOf(home);
  for (const dependency of Object.keys(dependencies)) visit(dependency, home, name, "dependency");
  for (const peer of Object.keys(peerDependencies))
    visit(peer, home, name, peerDependenciesMeta[peer]?.optional ? "optional peer" : "peer");
}

/** One package and all that it needs. @param {string} name @param {string} from @param {string} by @param {string} role */
function visit(name, from, by, role) {
  if (name.startsWith("@rnnkit/")) return;
  const home = found(name, from);
  if (!home) {
    if (role !== "optional peer") throw new Error(`licences: ${name} of ${by} is not installed`);
    absent.set(name, (absent.get(name) ?? new Set()).add(by));
    return;
  }
  const { version, license, dependencies = {} } = manifestOf(home);
  const licence = inOtherWords[/** @type {keyof typeof inOtherWords} */ (name)] ?? license;
  if (
    !String(licence)
      .split(" AND ")
      .every((each) => known.includes(each))
  )
    throw new Error(
      `licences: expected one of ${known.join(", ")} for ${name} (${by}), got ${licence}`,
    );
  const key = `${name} ${version}`;
  const row = rows.get(key) ?? { version, licence, by: new Set(), role };
  if (role === "dependency" || (role === "peer" && row.role !== "dependency")) row.role = role;
  const isNew = !row.by.has(by);
  rows.set(key, row);
  row.by.add(by);
  if (!isNew) return;
  for (const dependency of Object.keys(dependencies)) visit(dependency, home, by, role);
}

/** Where Node would find it. @param {string} name @param {string} from @returns {string | undefined} */
function found(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const home = join(folder, "node_modules", name);
    if (existsSync(home)) return realpathSync(home);
    if (folder === dirname(folder)) return undefined;
  }
}

/** @param {string} home */
function manifestOf(home) {
  return JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
}

/** @param {Iterable<string>} names */
const listed = (names) => [...names].sort().join(", ");
const lines = [...rows]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([key, { version, licence, by, role }]) => {
    const name = key.slice(0, key.lastIndexOf(" "));
    const note = notes[/** @type {keyof typeof notes} */ (name)] ?? "";
    return `| ${name} | ${version} | ${licence} | ${role} | ${listed(by)} | ${note} |`;
  });
const others = [...absent].sort().map(([name, by]) => {
  const note = notes[/** @type {keyof typeof notes} */ (name)];
  return `- ${name}, for ${listed(by)}${note ? `: ${note}` : ""}.`;
});
const text = `# Licences

rnnkit is MIT, and its packages hold no code but their own. What their installs bring besides, in the versions that were
tested; made by \`npm run licences\`. A peer, and what comes with it, is installed by you; an optional one only where you
want what it adds.

| package | version | licence | as | for | note |
| --- | --- | --- | --- | --- | --- |
${lines.join("\n")}

Optional, and not installed where this was made:

${others.join("\n")}
`;
const file = join(root, "LICENCES.md");
if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
  console.error("licences: expected LICENCES.md to be what is installed: npm run licences");
  process.exit(1);
}
console.log(`licences: ${rows.size} packages, all permissive`);
