// What a program says and prints at its first call, without a backend and on cpu.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";

const project = join(inject("projects"), "readme-keras-files");
let count = 0;

function said(code: string): { stdout: string; stderr: string; status: number | null } {
  const script = join(project, `first-call-${count++}.mjs`);
  writeFileSync(script, code);
  return spawnSync(process.execPath, [script], { cwd: project, encoding: "utf8" });
}

const imports = `
  import * as tf from "@tensorflow/tfjs-core";
  import { layers as stock, sequential } from "@tensorflow/tfjs-layers";
  import * as fused from "@rnnkit/fused-rnn";
  import { adam, buildStackedRnnModel, install, layers, toTensor } from "@rnnkit/keras-builders";
  import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
`;

const calls = {
  "tf.zeros": "tf.zeros([1])",
  toTensor: "toTensor([1])",
  "a builder": "buildStackedRnnModel([2, 3], 1)",
  "a recurrent layer": "sequential({ layers: [layers.lstm({ units: 2, inputShape: [2, 3] })] })",
  embedding:
    "sequential({ layers: [layers.embedding({ inputDim: 3, outputDim: 2, inputLength: 4 })] })",
  dense: "sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] })",
  install: "(install(), sequential({ layers: [stock.gru({ units: 2, inputShape: [2, 3] })] }))",
  "an activation": "fused.activationOps.relu([1])",
  "an optimizer": "adam().applyGradients([{ name: 'x', tensor: tf.scalar(1) }])",
};

test("without a backend every first call says which package to install", () => {
  const tries = Object.entries(calls).map(
    ([name, call]) =>
      `try { ${call}; } catch ({ message }) { heard[${JSON.stringify(name)}] = message; }`,
  );
  const code = `${imports}\nconst heard = {};\n${tries.join("\n")}\nconsole.log(JSON.stringify(heard));`;
  const heard: Record<string, string> = JSON.parse(said(code).stdout);
  expect(Object.keys(heard)).toEqual(Object.keys(calls));
  for (const message of Object.values(heard))
    expect(message).toContain("Install one, npm install @tensorflow/tfjs-backend-wasm");
});

test("a model's bytes cannot be opened without a backend, and the error says which package to install", () => {
  const backend = 'import "@tensorflow/tfjs-backend-cpu";';
  const save = `
    import { writeFileSync } from "node:fs";
    writeFileSync("first.keras", await saveKerasModel(buildStackedRnnModel([2, 3], 1)));`;
  expect(said(`${backend}${imports}${save}`).stderr).toBe("");
  const { stderr, status } = said(`${imports} await loadKerasModel("first.keras");`);
  expect(status).toBe(1);
  expect(stderr).toContain("npm install @tensorflow/tfjs-backend-wasm");
});

const onCpu = `import "@tensorflow/tfjs-backend-cpu";${imports}`;

test.each(["tf.zeros([1])", "buildStackedRnnModel([2, 3], 1)", "tf.setBackend('cpu')"])(
  "%s on cpu prints no advice to install another backend",
  (call) => {
    expect(said(`${onCpu}\n${call}; tf.ones([2]);`)).toMatchObject({ stderr: "", status: 0 });
  },
);

test("tfjs's other warnings are heard", () => {
  const twice = "tf.registerBackend('cpu', () => undefined)";
  expect(said(`${onCpu}\n${twice};`).stderr).toContain("cpu backend was already registered");
});

test("a backend that is not ready yet is tfjs's to explain", () => {
  const onWasm = `import "@tensorflow/tfjs-backend-wasm";${imports}`;
  expect(said(`${onWasm} tf.zeros([1]);`).stderr).toContain("await tf.ready()");
});
