import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { all, built, opening, select, withCpu } from "../test/selection.ts";
import { makeProject, runIn } from "../test/temp-project.ts";

// A step that takes as long as a test wants it to on each backend.
const slowAs = `
  const runs = {};
  const stepOf = (times) => ({ run: () => {
    runs[tf.getBackend()] = (runs[tf.getBackend()] ?? 0) + 1;
    return new Promise((resolve) => setTimeout(resolve, times[tf.getBackend()]));
  }, name: "sleep" });
  const table = (s) => s.candidates.map((c) => [c.name, c.outcome, typeof c.ms, c.probe]);
  const running = () => Object.keys(tf.engine().registry);`;

test("the fastest is taken, whatever the order; the others are stopped, and can be had later", async () => {
  const { json, stderr, code } = await select(
    { real: all },
    `${slowAs}
     const measure = stepOf({ wasm: 20, cpu: 4 });
     const s = await selectBackend({ measure });
     const after = running();
     const counted = runs.cpu;
     const again = await selectBackend({ measure: { ...measure } });
     const wasm = await selectBackend({ require: "wasm" });
     const x = tf.ones([2, 2]);
     show({ name: s.name, now: describeBackend(s), table: table(s), reasons: reasons(s), after,
            measured: s.measured, same: again === s, more: runs.cpu - counted,
            wasm: [wasm.name, ...await tf.matMul(x, x).data()] });`,
  );
  expect(json, stderr).toMatchObject({ name: "cpu", after: ["cpu"], same: true, more: 0 });
  expect(json.table.slice(0, 2)).toEqual([
    ["cpu", "taken", "number", "own"],
    ["wasm", "slower", "number", "own"],
  ]);
  expect(json.table.map(([name]: string[]) => name).sort()).toEqual([
    "cpu",
    "tfjs-node",
    "tfjs-node-gpu",
    "wasm",
    "webgpu",
  ]);
  expect(json.reasons.cpu).toMatch(/^taken: [\d.]+ ms a step, the least of 2$/);
  expect(json.reasons.wasm).toMatch(/^slower: [\d.]+ ms a step, cpu takes [\d.]+ ms$/);
  expect(json.measured).toEqual({ at: expect.stringMatching(/^20\d\d-.*Z$/), isCached: false });
  expect(json.wasm).toEqual(["wasm", 2, 2, 2, 2]);
  expect([stderr, code]).toEqual(["", 0]);
});

test("a backend that ran before stays, and what it holds with it", async () => {
  const { json, stderr } = await select(
    { real: all },
    `${slowAs}
     await selectBackend({ require: "wasm" });
     const mine = tf.tensor1d([1, 2, 3]);
     const s = await selectBackend({ measure: stepOf({ wasm: 20, cpu: 4 }) });
     await tf.setBackend("wasm");
     show({ name: s.name, running: running(), mine: Array.from(await tf.add(mine, mine).data()) });`,
  );
  expect(json, stderr).toEqual({ name: "cpu", running: ["wasm", "cpu"], mine: [2, 4, 6] });
});

test("a backend that the program has imported itself can be set afterwards, as before", async () => {
  const { json, stderr } = await select(
    { real: all },
    `${slowAs}
     await import("@tensorflow/tfjs-backend-wasm");
     const s = await selectBackend({ measure: stepOf({ wasm: 20, cpu: 4 }) });
     const after = running();
     await tf.setBackend("wasm");
     const x = tf.ones([2, 2]);
     show({ name: s.name, after, product: Array.from(await tf.matMul(x, x).data()) });`,
  );
  expect(json, stderr).toEqual({ name: "cpu", after: ["cpu"], product: [2, 2, 2, 2] });
});

test("who throws in the probe is refused for that; if all do, so is the selection", async () => {
  const { json, stderr } = await select(
    { real: all },
    `${slowAs}
     const prepared = [];
     let calls = 0;
     const s = await selectBackend({ measure: {
       prepare: async () => { prepared.push(tf.getBackend()); },
       run: () => { if (tf.getBackend() === "wasm" && ++calls > 4) throw new Error("no more"); } } });
     const early = await selectBackend({ measure: {
       prepare: () => { if (tf.getBackend() === "wasm") throw new Error("no model"); }, run: () => {} } });
     const e = await refusal({ measure: { run: async () => { throw undefined; } } });
     show({ name: s.name, why: reasons(s), prepared, early: reasons(early).wasm, e, now: tf.getBackend() });`,
  );
  expect(json, stderr).toMatchObject({ name: "cpu", prepared: ["wasm", "cpu"], now: "cpu" });
  expect(json.why.wasm).toBe("refused: failed in the probe: no more");
  expect(json.why.cpu).toMatch(/ms a step, and no other could be measured$/);
  expect(json.early).toBe("refused: failed in the probe: no model");
  expect(json.e).toContain("cpu: failed in the probe: threw nothing");
});

test("a step that gives tensors leaves none behind", async () => {
  const { json, stderr } = await select(
    { real: all },
    `const s = await selectBackend({ measure: { run: () => [tf.ones([2]), [tf.zeros([3, 3])]] } });
     show({ tensors: tf.memory().numTensors, ms: s.candidates[0].ms > 0 });`,
  );
  expect(json, stderr).toEqual({ tensors: 0, ms: true });
});

test("without fused-rnn the layer is composed, and says so; its training asks for tfjs's gradients", async () => {
  const { json, stderr } = await select(
    { real: withCpu },
    `const sizes = { cell: "gru", batch: 2, steps: 3, inputSize: 2, units: 4 };
     const s = await selectBackend({ measure: { ...sizes, training: false } });
     const e = await refusal({ measure: sizes });
     show({ taken: s.candidates[0], tensors: tf.memory().numTensors, e });`,
  );
  expect(json, stderr).toMatchObject({ taken: { name: "cpu", probe: "composed" }, tensors: 0 });
  expect(json.e).toContain("cpu: failed in the probe: tfjs's gradients are not registered: import");
});

test("of two packages of one tfjs name the one that runs is measured", async () => {
  const native = `
    const tf = require("@tensorflow/tfjs-core");
    const { MathBackendCPU } = require("@tensorflow/tfjs-backend-cpu");
    for (const { kernelName, kernelFunc } of tf.getKernelsForBackend("cpu"))
      tf.registerKernel({ kernelName, kernelFunc, backendName: "tensorflow" });
    const backend = new MathBackendCPU();
    Object.assign(backend, { firstUse: false, isGPUPackage: true, isUsingGpuDevice: false });
    tf.registerBackend("tensorflow", () => backend, 3);`;
  const { json, stderr } = await select(
    { real: withCpu, fake: { "@tensorflow/tfjs-node-gpu": native, "@tensorflow/tfjs-node": "" } },
    `${slowAs}
     const s = await selectBackend({ measure: stepOf({ tensorflow: 12, cpu: 3 }) });
     const t = await selectBackend({ measure: { ...stepOf({ tensorflow: 3, cpu: 12 }) } });
     show({ s: table(s).slice(0, 2), t: table(t).slice(0, 2), why: reasons(t)["tfjs-node"], now: t.tfBackend });`,
  );
  expect(json?.s, stderr).toEqual([
    ["cpu", "taken", "number", "own"],
    ["tfjs-node-gpu", "slower", "number", "own"],
  ]);
  expect(json.t[0]).toEqual(["tfjs-node-gpu", "taken", "number", "own"]);
  expect(json.now).toBe("tensorflow");
  expect(json.why).toBe(
    "refused: failed to initialise: this process already runs the other native package's backend",
  );
});

test("kept times start the fastest alone, in this process and in the next", async () => {
  const project = makeProject(built, { real: all });
  const script = `${opening} ${slowAs}
    const measure = stepOf({ wasm: 20, cpu: 4 });
    const show_ = (s) => [s.name, s.measured.isCached, runs.cpu ?? 0, table(s).slice(0, 2)];
    const first = show_(await selectBackend({ measure, cache: "times.json" }));
    await selectBackend({ require: "wasm" });
    const second = show_(await selectBackend({ measure: { ...measure }, cache: "times.json" }));
    const other = (await selectBackend({ measure: { ...measure, name: "other" }, cache: "times.json" })).measured;
    const gone = await selectBackend({ measure, cache: "times.json", exclude: ["cpu"] });
    show({ first, second, other: other.isCached, gone: [gone.name, gone.measured.isCached] });`;
  const one = (await runIn(project, script)).json;
  const [, , runs, rows] = one.first;
  expect(rows).toEqual([
    ["cpu", "taken", "number", "own"],
    ["wasm", "slower", "number", "own"],
  ]);
  expect(one.second).toEqual(["cpu", true, runs, rows]);
  expect(one).toMatchObject({ other: false, gone: ["wasm", false] });
  const next = await runIn(project, script);
  expect(next.json?.first, next.stderr).toEqual(["cpu", true, 0, rows]);
  expect(Object.keys(JSON.parse(readFileSync(join(project, "times.json"), "utf8")))).toHaveLength(
    3,
  );
});

test("in this process alone times are kept too; where they cannot be kept, the selection says why", async () => {
  const { json, stderr } = await select(
    { real: withCpu },
    `${slowAs}
     const { run, name } = stepOf({ cpu: 1 });
     const select = async (cache) => (await selectBackend({ measure: { run: () => run(), name }, cache })).measured;
     show({ here: [(await select(true)).isCached, (await select(true)).isCached],
            nowhere: (await select("/nowhere/times.json")).cacheFault });`,
  );
  expect(json, stderr).toMatchObject({ here: [false, true] });
  expect(json.nowhere).toMatch(/^ENOENT/);
});

test("when the fastest of kept times is gone, the next is taken", async () => {
  const { json, stderr } = await select(
    { real: withCpu },
    `const at = "2026-01-02T03:04:05.678Z";
     const measured = [["wasm", 1], ["cpu", 2]].map(([name, ms]) => ({ name, ms, probe: "own" }));
     const cache = { getItem: () => JSON.stringify({ at, measured }), setItem() { throw new Error("not asked"); } };
     const s = await selectBackend({ measure: { run() {}, name: "x" }, cache });
     show({ name: s.name, why: reasons(s), measured: s.measured });`,
  );
  expect(json, stderr).toMatchObject({
    name: "cpu",
    measured: { at: "2026-01-02T03:04:05.678Z", isCached: true },
    why: {
      cpu: "taken: 2 ms a step, and no other could be measured",
      wasm: "refused: not installed: @tensorflow/tfjs-backend-wasm",
      webgpu: "not tried: not to be had on 2026-01-02T03:04:05.678Z",
    },
  });
});
