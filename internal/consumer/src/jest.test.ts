// Jest as most projects run it, CommonJS through babel-jest, with the settings of keras-files' README.
import { execFile } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { root } from "./packages.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const project = join(inject("projects"), "jest");
const installed = join(inject("projects"), "all", "node_modules");

const readme = readFileSync(join(root, "packages/keras-files/README.md"), "utf8");
const [config = "", transformer = ""] = [...readme.matchAll(/^```cjs\n([\s\S]*?)^```$/gm)].map(
  ([, code]) => String(code),
);
const setup = /`(Object\.assign\(globalThis, [^`]*)`/.exec(readme)?.[1] ?? "";

const opening = `
import { ones } from "@tensorflow/tfjs-core";
import { selectBackend } from "@rnnkit/backend-select";
import { buildLstmForecaster } from "@rnnkit/keras-builders";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import { MinMaxScaler, slidingWindows } from "@rnnkit/preprocess";
import { syntheticReviews } from "@rnnkit/datasets-imdb";

const predicted = (model) => [...model.predict(ones([1, 6, 1])).dataSync()];
let model, bytes;
beforeAll(async () => {
  await selectBackend();
  model = buildLstmForecaster(6, 1, 1, { units: [4, 4], seed: 1 });
  bytes = await saveKerasModel(model);
});
test("wasm is there", async () => {
  expect((await selectBackend()).name).toBe("wasm");
});
test("buffers, Files and Blobs are models", async () => {
  const sources = { bytes, buffer: bytes.buffer, file: new File([bytes], "m.keras"), blob: new Blob([bytes]) };
  for (const [kind, source] of Object.entries(sources))
    expect([kind, predicted(await loadKerasModel(source))]).toEqual([kind, predicted(model)]);
});
test("a Float32Array stays one through a scaler and windows", () => {
  const { data } = new MinMaxScaler().fitTransform({ data: Float32Array.of(1, 2, 3), shape: [3, 1] });
  expect(data).toBeInstanceOf(Float32Array);
  expect(slidingWindows(Int32Array.of(1, 2, 3), { windowLength: 1 }).x.data).toBeInstanceOf(Int32Array);
});
test("a model trains", async () => {
  const { history } = await model.fit(ones([8, 6, 1]), ones([8, 1]), { epochs: 1, verbose: 0 });
  expect(history.loss).toHaveLength(1);
  expect(Object.keys(syntheticReviews({ count: 2, seed: 1 }))).toContain("x");
});
`;
const files: Record<string, string> = {
  "package.json": "{}",
  "jest.config.js": `${config}\nmodule.exports.setupFiles = ["<rootDir>/setup.js"];`,
  "h5wasm.jest.js": transformer,
  "setup.js": setup,
  "babel.config.js": `module.exports = { presets: [["@babel/preset-env", { targets: { node: "current" } }]] };`,
  "node.test.js": `${opening}
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
test("paths, and what Node itself reads, are models", async () => {
  const path = join(mkdtempSync(join(__dirname, "saved-")), "m.keras");
  await saveKerasModel(model, path);
  for (const source of [path, readFileSync(path), require("node:url").pathToFileURL(path)])
    expect(predicted(await loadKerasModel(source))).toEqual(predicted(model));
});`,
  "page.test.js": `/** @jest-environment jsdom */${opening}`,
};

test("all packages load and work in Jest, in its Node and in jsdom", async () => {
  expect([config, transformer, setup].map((code) => code !== "")).toEqual([true, true, true]);
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@babel"), { recursive: true });
  for (const name of readdirSync(installed))
    symlinkSync(join(installed, name), join(modules, name));
  for (const name of ["babel-jest", "jest-environment-jsdom", "@babel/core", "@babel/preset-env"]) {
    const manifest = realpathSync(require.resolve(`${name}/package.json`));
    symlinkSync(dirname(manifest), join(modules, name));
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const jest = join(dirname(require.resolve("jest/package.json")), "bin", "jest.js");
  const line = [jest, "--ci", "--cacheDirectory", join(project, "cache")];
  const { stderr } = await run(process.execPath, line, { cwd: project }).catch((error) => error);
  expect(stderr).toContain("Tests:       9 passed, 9 total");
});
