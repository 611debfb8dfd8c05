// What only other processes can show: saving that is killed, or fails, at each of its steps, and on
// disks that are full. They run this package's own file, stripped of its types.
import { execFile, execFileSync } from "node:child_process";
import { rmdirSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath, getuid, platform } from "node:process";
import { fileURLToPath } from "node:url";
import type { io } from "@tensorflow/tfjs-core";
import { transpileModule } from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileSystem } from "./file-system.ts";

const elements = 50_000;
/** A model whose weights all are **version**. */
const source = `
export const artifacts = (version) => ({
  modelTopology: { version },
  weightSpecs: [{ name: "w", shape: [${elements}], dtype: "float32" }],
  weightData: new Float32Array(${elements}).fill(version).buffer,
});
`;

// Counts the calls by which files are read and changed. The chosen one is the process's last, or
// throws; of a write, half is done by then.
const program = `
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { artifacts } from "./artifacts.js";
import { fileSystem } from "./file-system.js";

const [how, first, ...folders] = process.argv.slice(2);
let [calls, chosen] = [0, Number(first)];
function interrupt(owner, name) {
  const original = owner[name];
  owner[name] = async function (...args) {
    if (++calls !== chosen) return original.apply(this, args);
    if (name === "write") await original.call(this, args[0].subarray(0, args[0].length / 2));
    if (how === "kill") process.kill(process.pid, "SIGKILL");
    if (name === "close") await original.apply(this, args);
    throw Object.assign(new Error("broken"), { code: "EIO" });
  };
}
const file = await fs.open(process.argv[1]);
const handle = Object.getPrototypeOf(file);
await file.close();
for (const name of ["write", "sync", "close"]) interrupt(handle, name);
for (const name of ["mkdir", "open", "readdir", "readFile", "rename", "rm", "stat"]) interrupt(fs, name);
syncBuiltinESMExports();
const results = [];
for (const folder of folders) {
  calls = 0;
  const saved = fileSystem(folder).save(artifacts(2));
  results.push(await saved.then(() => "saved", (error) => error.message));
  chosen++;
}
console.log(JSON.stringify({ results, calls }));
`;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "rnnkit-crash-"));
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  await writeFile(join(root, "artifacts.js"), source);
  await writeFile(join(root, "save.js"), program);
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  await symlink(modules, join(root, "node_modules"), "dir");
  for (const name of [
    "file-system",
    "file-system-manifest",
    "atomic-write",
    "file-place",
    "temporary-file",
    "whole-file",
  ]) {
    const text = await readFile(new URL(`./${name}.ts`, import.meta.url), "utf8");
    const { outputText } = transpileModule(text, {
      compilerOptions: { module: 99, target: 9, rewriteRelativeImportExtensions: true },
    });
    await writeFile(join(root, `${name}.js`), outputText);
  }
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

interface Ending {
  signal: string | null | undefined;
  results: string[];
  /** In the last folder. */
  calls: number;
}

function run(file: string, args: string[]): Promise<Ending> {
  return new Promise((resolve, reject) =>
    execFile(file, args, (error, stdout, stderr) => {
      if (error && !error.signal) return reject(new Error(`${error.message}\n${stderr}`));
      const printed = stdout ? JSON.parse(stdout.trim().split("\n").at(-1)!) : {};
      resolve({ signal: error?.signal, results: [], calls: 0, ...printed });
    }),
  );
}

/** Saves in one folder after the other, interrupted at call **first**, then at the one after it... */
const saveIn = (folders: string[], how: string, first = -1) =>
  run(execPath, [join(root, "save.js"), how, `${first}`, ...folders]);

/** Which version a folder holds, whole. */
async function versionIn(folder: string): Promise<number> {
  const { modelTopology, weightData } = await fileSystem(folder).load();
  const { version } = modelTopology as { version: number };
  const [weights] = (weightData as ArrayBuffer[]).map((buffer) => new Float32Array(buffer));
  expect(weights!.length).toBe(elements);
  expect(weights!.every((w) => w === version)).toBe(true);
  return version;
}

let old: string;
let artifacts: (version: number) => io.ModelArtifacts;
beforeAll(async () => {
  old = join(root, "old");
  ({ artifacts } = await import(join(root, "artifacts.js")));
  await fileSystem(old).save(artifacts(1));
});
async function folderWithOldModel(name: string): Promise<string> {
  await cp(old, join(root, name), { recursive: true });
  return join(root, name);
}

test("killed at any step: the old model or the new one, whole; the next save leaves nothing else", async () => {
  const versions: number[] = [];
  for (let call = 1; ; call++) {
    const folder = await folderWithOldModel(`killed-${call}`);
    const { signal, results } = await saveIn([folder], "kill", call);
    versions.push(await versionIn(folder));
    if (results.length) break;
    expect(signal).toBe("SIGKILL");

    for (const name of await readdir(folder)) await utimes(join(folder, name), 0, 0);
    await fileSystem(folder).save(artifacts(2));
    expect([await versionIn(folder), (await readdir(folder)).length]).toEqual([2, 2]);
  }
  // Old until one moment, new from there on, and steps on both sides of it.
  expect(versions).toEqual(versions.toSorted());
  expect(versions.filter((version) => version === 1).length).toBeGreaterThan(10);
  expect(versions.filter((version) => version === 2).length).toBeGreaterThan(5);
}, 120_000);

test("an error at any step: the old model and nothing else, or the new one", async () => {
  const { calls } = await saveIn([await folderWithOldModel("whole")], "fail");
  const folders = await Promise.all(
    Array.from({ length: calls }, (_, i) => folderWithOldModel(`failed-${i + 1}`)),
  );
  const { results } = await saveIn(folders, "fail", 1);
  for (const [i, result] of results.entries()) {
    if (result === "saved") {
      expect(await versionIn(folders[i]!)).toBe(2);
    } else {
      expect(result).toMatch(/^fileSystem: expected to save a model in .*, got broken$/);
      expect([await versionIn(folders[i]!), (await readdir(folders[i]!)).length]).toEqual([1, 2]);
    }
  }
  expect(results.filter((result) => result !== "saved").length).toBeGreaterThan(8);
});

test.skipIf(platform === "win32")("a file system that takes only part of a file", async () => {
  const folder = await folderWithOldModel("limited");
  const script = 'ulimit -f 100; exec "$@"';
  const args = [execPath, join(root, "save.js"), "fail", "-1", folder];
  const { results } = await run("sh", ["-c", script, "sh", ...args]);
  expect(results[0]).toContain("got no room for a file of that size (EFBIG)");
  expect([await versionIn(folder), (await readdir(folder)).length]).toEqual([1, 2]);
});

async function tinyDisk(): Promise<string | undefined> {
  if (platform !== "linux" || getuid?.() !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "rnnkit-disk-"));
  try {
    // Room for one model of 200 kB, not for two.
    const options = ["-t", "tmpfs", "-o", "size=300k", "tmpfs", folder];
    execFileSync("mount", options, { stdio: "ignore" });
    return folder;
  } catch {
    rmdirSync(folder);
    return undefined;
  }
}

const disk = await tinyDisk();
afterAll(() => {
  if (!disk) return;
  execFileSync("umount", [disk]);
  rmdirSync(disk);
});
const reason = disk ? "" : " (skipped: mounting a small disk needs root on Linux)";

test.skipIf(!disk)(`a full disk: an error that says so, and the old model${reason}`, async () => {
  const folder = join(disk!, "model");
  await cp(old, folder, { recursive: true });
  const { results } = await saveIn([folder], "fail");
  expect(results[0]).toContain("got no space left on the device (ENOSPC)");
  expect([await versionIn(folder), (await readdir(folder)).length]).toEqual([1, 2]);
});
