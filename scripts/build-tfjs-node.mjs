// @ts-check
// tfjs-node on a real TensorFlow, where the library that its package downloads cannot be had: its addon is compiled
// from its own sources against the TensorFlow of a Python (`pip install tensorflow-cpu`; the wheel alone is enough).
//
//     node scripts/build-tfjs-node.mjs FOLDER [PYTHON]
//
// makes FOLDER a project with a @tensorflow/tfjs-node that works. It must not lie in the workspace, which does not depend
// on tfjs-node. The tests that need it find it by RNNKIT_TFJS_NODE=FOLDER.
// Ends with 0: built; 3: not here, the reason is said; 1: it should have been and was not.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const version = "4.22.0";
const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

const [target, python = process.env.RNNKIT_KERAS_PYTHON || "python3"] = process.argv.slice(2);
if (!target) fail("expected the folder of a project to make, got none", 2);
const project = resolve(target);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
if (project === root || project.startsWith(join(root, "/")))
  fail(`expected a folder outside of the workspace, got ${project}`, 2);

if (process.platform !== "linux") fail("TensorFlow's wheel has these libraries on Linux alone", 3);
const tensorflow = tensorflowOf(python);
const compiler = "g++";
if (spawnSync(compiler, ["--version"]).status !== 0) fail(`there is no compiler ${compiler}`, 3);
const headers = nodeHeaders();

mkdirSync(project, { recursive: true });
const manifest = join(project, "package.json");
if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true, "type": "module" }\n');
// Without its own install script: that is the download.
run("npm", [
  ...["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
  `@tensorflow/tfjs-node@${version}`,
]);

const addon = join(project, "node_modules", "@tensorflow", "tfjs-node");
// As its binding.gyp and node-pre-gyp have it: the newest N-API that both sides know, and libraries beside it.
const { napi_versions: known } = JSON.parse(
  readFileSync(join(addon, "package.json"), "utf8"),
).binary;
const napi = Math.max(
  ...known.filter((/** @type {number} */ n) => n <= Number(process.versions.napi)),
);
const [output, library] = [join(addon, "lib", `napi-v${napi}`), join(addon, "deps", "lib")];
for (const folder of [output, library]) mkdirSync(folder, { recursive: true });
for (const name of libraries) {
  const link = join(library, name);
  if (!existsSync(link)) symlinkSync(join(tensorflow, name), link);
}
run(compiler, [
  ...["-std=c++17", "-O2", "-shared", "-fPIC", `-DNAPI_VERSION=${napi}`],
  ...[headers, addon, join(tensorflow, "include")].map((folder) => `-I${folder}`),
  ...["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(addon, "binding", name)),
  ...["-o", join(output, "tfjs_binding.node"), `-L${library}`],
  ...libraries.map((name) => `-l:${name}`),
  "-Wl,-rpath,$ORIGIN/../../deps/lib",
]);
run(process.execPath, ["-e", 'require("@tensorflow/tfjs-node")']);
console.log(`tfjs-node ${version} on ${tensorflow}, in ${project}`);

/** Where that Python has TensorFlow, with what is needed of it; the package itself is not run. @param {string} python */
function tensorflowOf(python) {
  const code =
    "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.submodule_search_locations[0] if s else '')";
  const { status, stdout, error } = spawnSync(python, ["-c", code], { encoding: "utf8" });
  if (error || status !== 0) fail(`there is no Python ${python}`, 3);
  const folder = stdout.trim();
  if (!folder) fail(`${python} has no tensorflow: pip install --no-deps tensorflow-cpu`, 3);
  for (const name of [...libraries, "include/tensorflow/c/c_api.h"])
    if (!existsSync(join(folder, name))) fail(`the tensorflow of ${python} lacks ${name}`, 3);
  return folder;
}

/** Node's own, beside the binary. */
function nodeHeaders() {
  const folder = join(dirname(dirname(process.execPath)), "include", "node");
  if (!existsSync(join(folder, "node_api.h"))) fail(`Node came without headers in ${folder}`, 3);
  return folder;
}

/** @param {string} program @param {readonly string[]} args */
function run(program, args) {
  const { status, error } = spawnSync(program, args, {
    cwd: project,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
  });
  if (error || status !== 0)
    fail(`${program} failed: ${error?.message ?? `exit code ${status}`}`, 1);
}

/** @param {string} why @param {number} code @returns {never} */
function fail(why, code) {
  console.error(`build-tfjs-node: ${why}`);
  process.exit(code);
}
