// What only another process can show: writing that is killed, or fails, at each of its steps.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { transpileModule } from "typescript";
import { afterAll, beforeEach, expect, test } from "vitest";
import { writeAtomically } from "./atomic-write.ts";

// Opened, written twice, to the disk, renamed (5), the folder opened and to the disk: 7 calls. The chosen
// one is the process's last, or throws; of a write, half is done by then.
const program = `
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { writeAtomically } from "./atomic-write.js";

const [how, chosen, path] = process.argv.slice(2);
let calls = 0;
function interrupt(owner, name) {
  const original = owner[name];
  owner[name] = async function (...args) {
    if (++calls !== Number(chosen)) return original.apply(this, args);
    if (name === "write") await original.call(this, args[0].subarray(0, args[0].length / 2));
    if (how === "kill") process.kill(process.pid, "SIGKILL");
    throw Object.assign(new Error("no space"), { code: "ENOSPC" });
  };
}
const file = await fs.open(process.argv[1]);
const handle = Object.getPrototypeOf(file);
await file.close();
for (const name of ["write", "sync"]) interrupt(handle, name);
for (const name of ["open", "rename"]) interrupt(fs, name);
syncBuiltinESMExports();
const parts = [new Uint8Array(1000).fill(50), new Uint8Array(1000).fill(50)];
const said = await writeAtomically(path, parts).then(() => "written", (error) => error.message);
console.log(said, calls);
`;

const folder = mkdtempSync(join(tmpdir(), "rnnkit-atomic-"));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ["atomic-write", "file-place", "temporary-file", "whole-file"]) {
  const text = readFileSync(new URL(`./${name}.ts`, import.meta.url), "utf8");
  const { outputText } = transpileModule(text, {
    compilerOptions: { module: 99, target: 9, rewriteRelativeImportExtensions: true },
  });
  writeFileSync(join(folder, `${name}.js`), outputText);
}
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
writeFileSync(join(folder, "save.js"), program);

const path = join(folder, "model.keras");
const [old, fresh] = ["old", "2".repeat(2000)];
const left = () => readdirSync(folder).filter((name) => name.includes("model.keras"));
beforeEach(() => writeFileSync(path, old));

function run(how: "kill" | "fail", chosen: number): string {
  try {
    return execFileSync(execPath, [join(folder, "save.js"), how, `${chosen}`, path], {
      encoding: "utf8",
    }).trim();
  } catch (error) {
    return (error as { signal: string }).signal;
  }
}

test("a whole file takes the place of the old one, and nothing else is left", () => {
  expect(run("fail", 0)).toBe("written 7");
  expect(readFileSync(path, "utf8")).toBe(fresh);
  expect(left()).toEqual(["model.keras"]);
});

test.each([1, 2, 3, 4, 5, 6, 7])("killed at step %i of 7: the old file, or the new one", (step) => {
  expect(run("kill", step)).toBe("SIGKILL");
  expect(readFileSync(path, "utf8")).toBe(step > 5 ? fresh : old);
  for (const name of left()) if (name !== "model.keras") rmSync(join(folder, name));
});

test.each([1, 2, 3, 4, 5])("a failure at step %i is thrown; the old file stays, alone", (step) => {
  expect(run("fail", step)).toMatch(/^no space/);
  expect(readFileSync(path, "utf8")).toBe(old);
  expect(left()).toEqual(["model.keras"]);
});

test("a folder that does not exist is refused by its path", async () => {
  const missing = join(folder, "none", "model.keras");
  await expect(writeAtomically(missing, [new Uint8Array(1)])).rejects.toThrow("ENOENT");
});
