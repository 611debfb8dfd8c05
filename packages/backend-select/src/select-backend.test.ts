import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  buildPackage,
  type Contents,
  makeProject,
  type Outcome,
  removeTemporaryFolders,
  runIn,
  temporaryFolder,
} from "../test/temp-project.ts";

let built: string;
beforeAll(async () => {
  built = await buildPackage();
}, 60_000);
afterAll(removeTemporaryFolders);

const opening = `
import * as tf from "@tensorflow/tfjs-core";
import { describeBackend, selectBackend } from "@rnnkit/backend-select";
const show = (value) => console.log(JSON.stringify(value));
const reasons = (s) => Object.fromEntries(s.candidates.map((c) => [c.name, c.outcome + ": " + c.reason]));
const refusal = (options) => selectBackend(options).then(() => "taken", (e) => e.message);
`;
const all = ["tfjs-core", "tfjs-backend-cpu", "tfjs-backend-wasm"] as const;
const withCpu = ["tfjs-core", "tfjs-backend-cpu"] as const;

function select(contents: Contents, script: string, flags: string[] = []): Promise<Outcome> {
  return runIn(makeProject(built, contents), opening + script, flags);
}
const showSelection = `
const s = await selectBackend();
show({ name: s.name, tfBackend: s.tfBackend, current: tf.getBackend(), why: reasons(s) });`;

test("with tfjs-core and cpu alone, cpu is taken and the rest is not installed", async () => {
  const { json, stderr } = await select({ real: withCpu }, showSelection);
  expect(json).toEqual({
    name: "cpu",
    tfBackend: "cpu",
    current: "cpu",
    why: {
      "tfjs-node-gpu": "refused: not installed: @tensorflow/tfjs-node-gpu",
      "tfjs-node": "refused: not installed: @tensorflow/tfjs-node",
      wasm: "refused: not installed: @tensorflow/tfjs-backend-wasm",
      cpu: "taken: a matrix product came out right",
    },
  });
  expect(stderr).toBe("");
});

test("with no backend at all the error names why for each", async () => {
  const { json } = await select({}, `show({ e: await refusal() });`);
  expect(json.e).toMatch(/^selectBackend: expected one of tfjs-node-gpu, tfjs-node, wasm, cpu to/);
  expect(json.e).toContain("wasm: not installed: @tensorflow/tfjs-backend-wasm");
  expect(json.e).toContain("cpu: not installed: @tensorflow/tfjs-backend-cpu");
});

test("in Node wasm is taken, finds its files from any folder, and prints nothing", async () => {
  const { json, stdout, stderr } = await select(
    { real: all },
    `process.chdir("/"); ${showSelection}`,
  );
  expect(json).toMatchObject({ name: "wasm", tfBackend: "wasm", current: "wasm" });
  expect(json.why.cpu).toBe("not tried: wasm was taken");
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toHaveLength(1);
});

test("describeBackend is one line: backend, SIMD, threads, versions", async () => {
  const { json, stderr } = await select(
    { real: all },
    `const none = describeBackend();
     const s = await selectBackend();
     const cpu = await selectBackend({ require: "cpu" });
     show({ none, wasm: describeBackend(s), cpu: describeBackend(cpu), now: describeBackend() });`,
  );
  const versions = `tfjs 4.22.0, Node ${process.versions.node}`;
  expect(json?.none, stderr).toBe(`no backend, ${versions}`);
  expect(json.wasm).toBe(`wasm, SIMD, 1 thread, ${versions}`);
  expect(json.cpu).toBe(`cpu, ${versions}`);
  expect(json.now).toBe(json.cpu);
});

test("equal options give the same selection, calls at once share one start", async () => {
  const { json } = await select(
    { real: all },
    `let made = 0;
     const registry = tf.engine().registry;
     let wasm;
     Object.defineProperty(registry, "wasm", {
       get: () => wasm, set: (b) => { made++; wasm = b; }, enumerable: true, configurable: true });
     const [a, b, c] = await Promise.all([
       selectBackend(), selectBackend({}), selectBackend({ prefer: "cpu" })]);
     const between = tf.getBackend();
     const d = await selectBackend({ prefer: "wasm" });
     tf.setBackend("cpu");
     const e = await selectBackend({ prefer: ["wasm"] });
     show({ ab: a === b, c: c.name, between, d: d.name, de: d === e, now: tf.getBackend(), made,
            tensors: tf.memory().numTensors });`,
  );
  expect(json).toEqual({
    ab: true,
    c: "cpu",
    between: "cpu",
    d: "wasm",
    de: true,
    now: "wasm",
    made: 1,
    tensors: 0,
  });
});

test("prefer goes first, exclude is refused, require fails with the reason and changes nothing", async () => {
  const { json } = await select(
    { real: withCpu },
    `const s = await selectBackend({ prefer: ["wasm", "cpu"], exclude: ["tfjs-node"] });
     const order = s.candidates.map((c) => c.name);
     const e = await refusal({ require: "wasm" });
     show({ why: reasons(s), order, e, now: tf.getBackend() });`,
  );
  expect(json.order).toEqual(["wasm", "cpu", "tfjs-node-gpu", "tfjs-node"]);
  expect(json.why["tfjs-node"]).toBe("refused: excluded by the caller");
  expect(json.why["tfjs-node-gpu"]).toBe("not tried: cpu was taken");
  expect(json.e).toBe(
    "selectBackend: wasm is required and cannot be had: not installed: @tensorflow/tfjs-backend-wasm",
  );
  expect(json.now).toBe("cpu");
});

test("without WebAssembly wasm is refused for that", async () => {
  const { json } = await select({ real: all }, showSelection, ["--jitless"]);
  expect(json.name).toBe("cpu");
  expect(json.why.wasm).toBe("refused: WebAssembly missing: this runtime has none");
});

test.runIf(process.arch === "x64")("without SIMD wasm is refused for that", async () => {
  const { json } = await select({ real: all }, showSelection, ["--no-enable-sse4-1"]);
  expect(json.name).toBe("cpu");
  expect(json.why.wasm).toMatch(/^refused: no SIMD: /);
});

test("wasmPaths without the files are refused quietly, and right ones then work", async () => {
  const { json, stderr, code } = await select(
    { real: all },
    `const e = await refusal({ require: "wasm", wasmPaths: "/nowhere" });
     const missing = await refusal({ require: "wasm", wasmPaths: { a: "b" } });
     const folder = new URL("./node_modules/@tensorflow/tfjs-backend-wasm/dist", import.meta.url);
     const s = await selectBackend({ require: "wasm", wasmPaths: folder.pathname });
     show({ e, missing, name: s.name });`,
  );
  expect(json.e).toContain("missing .wasm file: nothing at /nowhere/tfjs-backend-wasm-simd.wasm");
  expect(json.missing).toContain("wasmPaths has no entry for tfjs-backend-wasm-simd.wasm");
  expect([json.name, stderr, code]).toEqual(["wasm", "", 0]);
});

test("the program's crash listeners are its own before, during and after", async () => {
  const { json } = await select(
    { real: all },
    `const own = process.listenerCount("newListener");
     const mine = () => {};
     process.on("uncaughtException", mine);
     const selecting = selectBackend();
     const during = () => {};
     setImmediate(() => process.on("unhandledRejection", during));
     await selecting;
     show({ uncaught: process.listeners("uncaughtException").map((f) => f === mine),
            unhandled: process.listeners("unhandledRejection").map((f) => f === during),
            watching: process.listenerCount("newListener") - own });`,
  );
  expect(json).toEqual({ uncaught: [true], unhandled: [true], watching: 0 });
});

const gpuIsBroken: [string, string, RegExp][] = [
  ["throws at import", `throw new Error("boom\\nmore");`, /^failed to load: boom$/],
  ["throws nothing", `throw undefined;`, /^failed to load: threw nothing$/],
  ["throws null-ish text", `throw "";`, /^failed to load: no message$/],
  ["does not parse", `const = ;`, /^failed to load: /],
  ["exports nothing", ``, /^failed to initialise: .* registered no backend "tensorflow"/],
  [
    "lacks a dependency",
    `require("not-there");`,
    /^broken install of @tensorflow\/tfjs-node-gpu: Cannot find module 'not-there'$/,
  ],
  [
    "lacks its addon",
    `throw new Error("The Node.js native addon module (tfjs_binding.node) can not be found at path: /x");`,
    /^native library missing: The Node.js native addon/,
  ],
  [
    "links to an absent library",
    `throw Object.assign(new Error("libtensorflow.so.2: cannot open shared object file"), { code: "ERR_DLOPEN_FAILED" });`,
    /^native library missing: libtensorflow/,
  ],
  [
    "has an addon for another machine",
    `require("node:fs").writeFileSync(__dirname + "/a.node", "no ELF"); require("./a.node");`,
    /^native load error: /,
  ],
  [
    "cannot start",
    `require("@tensorflow/tfjs-core").registerBackend("tensorflow", () => { throw new Error("no device"); }, 3);`,
    /^failed to initialise: no device$/,
  ],
  [
    "starts as a rejection",
    `require("@tensorflow/tfjs-core").registerBackend("tensorflow", async () => { throw new Error("later"); }, 3);`,
    /^failed to initialise: later$/,
  ],
  [
    "starts as nothing",
    `require("@tensorflow/tfjs-core").registerBackend("tensorflow", () => undefined, 3);`,
    /^failed to initialise: it gave no backend$/,
  ],
  [
    "has no kernels",
    `const tf = require("@tensorflow/tfjs-core");
     tf.registerBackend("tensorflow", () => new (class extends tf.KernelBackend { write() { return {}; } })(), 3);
     tf.setBackend("tensorflow");`,
    /^failed on its first operation: /,
  ],
  [
    "computes wrongly",
    `const tf = require("@tensorflow/tfjs-core");
     class Wrong extends tf.KernelBackend {
       write() { return {}; } move() {} incRef() {} refCount() { return 1; } floatPrecision() { return 32; }
       disposeData() { return true; } numDataIds() { return 0; } dispose() {}
       async read() { return new Float32Array([4, 5, 10, 12]); }
     }
     tf.registerBackend("tensorflow", () => new Wrong(), 3);
     tf.registerKernel({ kernelName: "BatchMatMul", backendName: "tensorflow",
       kernelFunc: () => ({ dataId: {}, shape: [1, 2, 2], dtype: "float32" }) });
     tf.registerKernel({ kernelName: "Reshape", backendName: "tensorflow",
       kernelFunc: ({ inputs: { x }, attrs: { shape } }) => ({ dataId: {}, shape, dtype: "float32" }) });`,
    /^wrong result: a matrix product gave \[4,5,10,12\], expected \[4,5,10,11\]$/,
  ],
  [
    "swallows every crash",
    `process.on("uncaughtException", () => {}); process.on("unhandledRejection", () => {}); throw new Error("x");`,
    /^failed to load: x$/,
  ],
];

test.each(gpuIsBroken)("a package that %s is passed over", async (_, text, reason) => {
  const { json, stderr, code } = await select(
    { real: withCpu, fake: { "@tensorflow/tfjs-node-gpu": text } },
    `const s = await selectBackend();
     const again = await refusal({ require: "tfjs-node-gpu" });
     const x = tf.tensor1d([1, 2]);
     show({ name: s.name, reason: s.candidates[0].reason, again, now: tf.getBackend(),
            sum: Array.from(tf.add(x, x).dataSync()), registered: Boolean(tf.findBackendFactory("tensorflow")),
            listeners: process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection") });`,
  );
  expect(json?.reason, stderr).toMatch(reason);
  expect(json).toMatchObject({ name: "cpu", now: "cpu", sum: [2, 4], registered: false });
  expect(json.again).toContain(json.reason.split(":")[0]);
  expect(json.listeners).toBe(0);
  expect([code, stderr]).toEqual([0, ""]);
});

test("a refused backend whose disposal takes everybody's crash listeners gives them back", async () => {
  const fake = `
    const tf = require("@tensorflow/tfjs-core");
    class Rude extends tf.KernelBackend {
      write() { return {}; }
      dispose() { process.removeAllListeners("uncaughtException"); throw new Error("rude"); }
    }
    tf.registerBackend("tensorflow", () => new Rude(), 3);`;
  const { json } = await select(
    { real: withCpu, fake: { "@tensorflow/tfjs-node": fake } },
    `const mine = () => {};
     process.on("uncaughtException", mine);
     const s = await selectBackend();
     show({ name: s.name, mine: process.listeners("uncaughtException").includes(mine),
            registered: Boolean(tf.findBackendFactory("tensorflow")) });`,
  );
  expect(json).toEqual({ name: "cpu", mine: true, registered: false });
});

// tfjs-node's registration, on tfjs's own cpu backend.
const native = (gpu: boolean) => `
  const tf = require("@tensorflow/tfjs-core");
  const { MathBackendCPU } = require("@tensorflow/tfjs-backend-cpu");
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend("cpu"))
    tf.registerKernel({ kernelName, kernelFunc, backendName: "tensorflow" });
  const backend = new MathBackendCPU();
  Object.assign(backend, { firstUse: false, isGPUPackage: ${gpu}, isUsingGpuDevice: false });
  tf.registerBackend("tensorflow", () => backend, 3);
  tf.setBackend("tensorflow");`;

test("a native package that works is taken first, and the other one's name is not given to it", async () => {
  const { json } = await select(
    { real: all, fake: { "@tensorflow/tfjs-node-gpu": native(true), "@tensorflow/tfjs-node": `` } },
    `const s = await selectBackend();
     show({ line: describeBackend(s), tfBackend: s.tfBackend, why: reasons(s),
            other: await refusal({ require: "tfjs-node" }) });`,
  );
  expect(json.tfBackend).toBe("tensorflow");
  expect(json.line).toMatch(/^tfjs-node-gpu, CPU, tfjs 4/);
  expect(json.why["tfjs-node-gpu"]).toMatch(/^taken: .*on the CPU: TensorFlow found no GPU$/);
  expect(json.why["tfjs-node"]).toBe("not tried: tfjs-node-gpu was taken");
  expect(json.other).toContain("the other native package's backend");
});

test("the real tfjs-node without its native library is refused for that", async (context) => {
  const project = temporaryFolder();
  const from = "@tensorflow/";
  const wanted = ["tfjs-node", "tfjs-core", "tfjs-backend-cpu", "tfjs-backend-wasm"];
  try {
    execFileSync(
      "npm",
      [
        "install",
        "--ignore-scripts",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--silent",
      ].concat(wanted.map((name) => `${from}${name}@4.22.0`)),
      { cwd: project, stdio: "ignore", timeout: 120_000 },
    );
  } catch {
    context.skip("npm could not install @tensorflow/tfjs-node (no network?)");
  }
  makeProject(built, { real: [], at: project });
  const missing = await runIn(project, opening + showSelection);
  expect(missing.json.name, missing.stderr).toBe("wasm");
  expect(missing.json.why["tfjs-node"]).toMatch(
    /^refused: native library missing: The Node.js native addon module/,
  );
  expect(missing.json.why["tfjs-node-gpu"]).toMatch(/^refused: not installed/);
  expect(missing.stderr).toBe("");

  const addon = join(project, "node_modules/@tensorflow/tfjs-node/lib/napi-v8");
  mkdirSync(addon, { recursive: true });
  writeFileSync(join(addon, "tfjs_binding.node"), "not an ELF file");
  const broken = await runIn(project, opening + showSelection);
  expect(broken.json.why["tfjs-node"]).toMatch(/^refused: native load error: /);
  expect([broken.json.name, broken.stderr]).toEqual(["wasm", ""]);
}, 180_000);
