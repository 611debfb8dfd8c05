// What an import and a first call begin: what is compiled, which threads start.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { packages } from "./packages.ts";

const projects = inject("projects");

/** Keeps the modules that the program compiles, and what it hands its workers; tfjs and Node's loader have done theirs. */
const witness = `
import "@tensorflow/tfjs-layers";
import threads from "node:worker_threads";
const compiled = [], workers = [];
for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming"]) {
  const { [name]: original } = WebAssembly;
  WebAssembly[name] = (...args) => { compiled.push(name); return original(...args); };
}
WebAssembly.Module = class extends WebAssembly.Module {
  constructor(bytes) {
    super(bytes);
    // The empty module asks whether the page's policy allows to compile.
    if (bytes.length > 8) compiled.push(this);
  }
};
threads.Worker = class extends threads.Worker {
  constructor(text, options) {
    super(text, options);
    workers.push(options.workerData);
  }
};
`;

function said(project: string, code: string): unknown {
  const script = join(project, "start.mjs");
  writeFileSync(script, witness + code);
  const printed = execFileSync(process.execPath, [script], { cwd: project, encoding: "utf8" });
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "");
}

test.each(packages)("$name: an import compiles no WebAssembly and starts no thread", (entry) => {
  const code = `
    const names = Object.keys(await import("${entry.manifest.name}"));
    console.log(JSON.stringify([compiled.length, workers.length, names.length > 0]));`;
  expect(said(join(projects, "all"), code)).toEqual([0, 0, true]);
});

const calls = `
  const tf = await import("@tensorflow/tfjs-core");
  const { getThreads, lstm, setThreads } = await import("@rnnkit/fused-rnn");
  const { buildLstmForecaster } = await import("@rnnkit/keras-builders");
  await tf.ready();
  compiled.length = 0;
  const weights = { kernel: tf.ones([32, 128]), recurrentKernel: tf.zeros([32, 128]) };
  const model = buildLstmForecaster(6, 1, 1, { units: [4, 4], seed: 1 });
  for (const threads of [1, 2, 3]) {
    setThreads(threads);
    lstm(tf.ones([64, 50, 32]), weights);
    await model.trainOnBatch(tf.ones([8, 6, 1]), tf.ones([8, 1]));
  }
  const given = new Set(workers.map(({ module }) => module));
  console.log(JSON.stringify([compiled.length, workers.length, given.size, compiled.includes([...given][0])]));
  process.exit();`;

test("layers, operations and threads of one process share one compiled engine", () => {
  const code = `await import("@tensorflow/tfjs-backend-cpu");${calls}`;
  expect(said(join(projects, "all"), code)).toEqual([1, 3, 1, true]);
});

test("on wasm one more is compiled, for tfjs's memory", () => {
  const code = `await import("@tensorflow/tfjs-backend-wasm");${calls}`;
  expect(said(join(projects, "all"), code)).toEqual([2, 3, 1, true]);
});
