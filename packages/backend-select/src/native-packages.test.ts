import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { all, built, opening, select, showSelection, withCpu } from "../test/selection.ts";
import { makeProject, runIn, temporaryFolder } from "../test/temp-project.ts";

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
  const preferring = showSelection.replace("()", `({ prefer: "tfjs-node" })`);
  const missing = await runIn(project, opening + preferring);
  expect(missing.json.name, missing.stderr).toBe("wasm");
  expect(missing.json.why["tfjs-node"]).toMatch(
    /^refused: native library missing: The Node.js native addon module/,
  );
  expect(missing.json.why["tfjs-node-gpu"]).toMatch(/^refused: not installed/);
  expect(missing.stderr).toBe("");

  const addon = join(project, "node_modules/@tensorflow/tfjs-node/lib/napi-v8");
  mkdirSync(addon, { recursive: true });
  writeFileSync(join(addon, "tfjs_binding.node"), "not an ELF file");
  const broken = await runIn(project, opening + preferring);
  expect(broken.json.why["tfjs-node"]).toMatch(/^refused: native load error: /);
  expect([broken.json.name, broken.stderr]).toEqual(["wasm", ""]);
}, 180_000);
