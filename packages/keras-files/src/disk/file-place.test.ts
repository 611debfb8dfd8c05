// Where a saved file goes, what becomes of what stood there, and what others left beside it.
import "@tensorflow/tfjs-backend-cpu";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath, platform } from "node:process";
import { layers } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";
import { afterAll, beforeEach, expect, test } from "vitest";
import { fileSystem, loadKerasModel, loadWeights, saveKerasModel, saveWeights } from "../index.ts";
import { ownFolder } from "../own-process.fixture.ts";
import { writeAtomically } from "./atomic-write.ts";

const root = mkdtempSync(join(tmpdir(), "rnnkit-place-"));
const own = ownFolder();
afterAll(() => {
  rmSync(root, { recursive: true });
  own.remove();
});
let folder: string;
let folders = 0;
beforeEach(() => {
  folder = join(root, `${folders++}`);
  mkdirSync(folder);
});

const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
const modeOf = (path: string): number => statSync(path).mode & 0o777;
const posix = test.skipIf(platform === "win32");

posix.each([0o600, 0o640, 0o666, 0o444])("permissions %o of a file are kept", async (mode) => {
  for (const [name, save] of [
    ["model.keras", saveKerasModel],
    ["model.weights.h5", saveWeights],
  ] as const) {
    const path = join(folder, name);
    writeFileSync(path, "old");
    chmodSync(path, mode);
    await save(model, path);
    expect(modeOf(path)).toBe(mode);
    expect(statSync(path).size).toBeGreaterThan(1000);
  }
  await model.save(fileSystem(folder));
  chmodSync(join(folder, "model.json"), mode);
  await model.save(fileSystem(folder));
  const written = readdirSync(folder).filter((name) => /json$|bin$/.test(name));
  expect(written.map((name) => modeOf(join(folder, name)))).toEqual([mode, mode]);
});

posix("a new file has the permissions of any new file", async () => {
  writeFileSync(join(folder, "any"), "");
  await saveKerasModel(model, join(folder, "model.keras"));
  expect(modeOf(join(folder, "model.keras"))).toBe(modeOf(join(folder, "any")));
});

posix("a symbolic link stays one: its target is written, and keeps its permissions", async () => {
  mkdirSync(join(folder, "a"));
  mkdirSync(join(folder, "b"));
  const [target, link] = [join(folder, "b/target"), join(folder, "a/model.keras")];
  writeFileSync(target, "old");
  chmodSync(target, 0o600);
  symlinkSync("../b/middle", link);
  symlinkSync("target", join(folder, "b/middle"));
  await saveKerasModel(model, link);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(modeOf(target)).toBe(0o600);
  expect((await loadKerasModel(target)).weights).toHaveLength(2);
  expect(readdirSync(join(folder, "a"))).toEqual(["model.keras"]);
  expect(readdirSync(join(folder, "b")).sort()).toEqual(["middle", "target"]);

  const dangling = join(folder, "a/new.keras");
  symlinkSync("../b/new", dangling);
  await saveKerasModel(model, dangling);
  expect(lstatSync(dangling).isSymbolicLink()).toBe(true);
  expect(statSync(join(folder, "b/new")).isFile()).toBe(true);

  symlinkSync("round", join(folder, "round"));
  await expect(writeAtomically(join(folder, "round"), [])).rejects.toThrow("links in a circle");
});

posix(
  "a model.json that is a link: its target is written, the weights lie beside the link",
  async () => {
    mkdirSync(join(folder, "a"));
    mkdirSync(join(folder, "b"));
    symlinkSync("../b/own.json", join(folder, "a/model.json"));
    for (let i = 0; i < 2; i++) await model.save(fileSystem(join(folder, "a")));
    expect(lstatSync(join(folder, "a/model.json")).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(folder, "b"))).toEqual(["own.json"]);
    expect(readdirSync(join(folder, "a"))).toHaveLength(2);
    const { weightSpecs } = await fileSystem(join(folder, "a")).load();
    expect(weightSpecs).toHaveLength(2);
  },
);

posix("a pipe, a device and a folder are refused at once, and stay", async () => {
  const pipe = join(folder, "pipe.keras");
  execFileSync("mkfifo", [pipe]);
  for (const [path, kind] of [
    [pipe, "a pipe"],
    ["/dev/zero", "a device"],
    [folder, "a folder"],
  ] as const) {
    const message = `${path}: expected a file, got ${kind}`;
    await expect(loadKerasModel(path)).rejects.toThrow(message);
    await expect(loadWeights(model, path)).rejects.toThrow(message);
    await expect(writeAtomically(path, [])).rejects.toThrow(message);
  }
  await expect(saveKerasModel(model, pipe)).rejects.toThrow(`${pipe}: expected a file, got a pipe`);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(folder)).toEqual(["pipe.keras"]);

  execFileSync("mkfifo", [join(folder, "model.json")]);
  for (const done of [fileSystem(folder).load(), model.save(fileSystem(folder))]) {
    await expect(done).rejects.toThrow(/^fileSystem: .*got a pipe$/);
  }
});

posix(
  "weights behind a link out of the folder are not read, those behind one inside are",
  async () => {
    await model.save(fileSystem(folder));
    const weights = readdirSync(folder).find((name) => name.endsWith(".bin"))!;
    const outside = join(root, `secret-${folders}`);
    writeFileSync(outside, readFileSync(join(folder, weights)));
    rmSync(join(folder, weights));
    symlinkSync(outside, join(folder, weights));
    await expect(fileSystem(folder).load()).rejects.toThrow(
      /^fileSystem: expected .* to lie in the model's folder, got a link to .*; copy the file there$/,
    );
    rmSync(join(folder, weights));
    writeFileSync(join(folder, "inside"), readFileSync(outside));
    symlinkSync("inside", join(folder, weights));
    expect((await fileSystem(folder).load()).weightSpecs).toHaveLength(2);
    // The folder itself may be reached by a link.
    symlinkSync(folder, join(root, `link-${folders}`));
    const { weightSpecs } = await fileSystem(join(root, `link-${folders}`)).load();
    expect(weightSpecs).toHaveLength(2);
  },
);

/** Stops half-way in a file, says so and waits to be killed. */
const program = `
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { writeAtomically } from "./atomic-write.js";
const file = await fs.open(process.argv[1]);
const handle = Object.getPrototypeOf(file);
const { write } = handle;
handle.write = async function (part) {
  await write.call(this, part.subarray(0, 500));
  console.log("half");
  await new Promise((resolve) => setInterval(resolve, 100_000));
};
await writeAtomically(process.argv[2], [new Uint8Array(1000)]);
`;

test("what a killed save left goes with the next one; what a living one writes stays", async () => {
  writeFileSync(join(own.folder, "disk/half.js"), program);
  const path = join(folder, "model.keras");
  const halves = await Promise.all(
    [0, 1].map(async () => {
      const child = spawn(execPath, [join(own.folder, "disk/half.js"), path]);
      await once(child.stdout, "data");
      return child;
    }),
  );
  const [killed, living] = halves as [(typeof halves)[0], (typeof halves)[0]];
  const left = () => readdirSync(folder).filter((name) => name !== "model.keras");
  expect(left()).toHaveLength(2);
  killed.kill("SIGKILL");
  await once(killed, "exit");
  writeFileSync(join(folder, ".model.keras.mine.tmp"), "");
  writeFileSync(join(folder, ".other.keras.00000000.1.x.tmp"), "");
  await saveKerasModel(model, path);
  expect(left().filter((name) => name.includes(`.${living.pid}.`))).toHaveLength(1);
  expect(left()).toHaveLength(3);
  living.kill("SIGKILL");
  await once(living, "exit");
  await saveKerasModel(model, path);
  expect(left().sort()).toEqual([".model.keras.mine.tmp", ".other.keras.00000000.1.x.tmp"]);
});

test("of many who save at once into one file none takes another's, and nothing is left", async () => {
  const path = join(folder, "model.keras");
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => writeAtomically(path, [new Uint8Array(1000).fill(i)])),
  );
  const bytes = readFileSync(path);
  expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
  expect(existsSync(path) && readdirSync(folder)).toEqual(["model.keras"]);
});
