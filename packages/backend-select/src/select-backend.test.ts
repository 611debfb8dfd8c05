import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { all, built, opening, select, showSelection, withCpu } from "../test/selection.ts";
import { makeProject, runIn } from "../test/temp-project.ts";

test("with tfjs-core and cpu alone, cpu is taken and the rest is not installed", async () => {
  const { json, stderr } = await select({ real: withCpu }, showSelection);
  expect(json).toEqual({
    name: "cpu",
    tfBackend: "cpu",
    current: "cpu",
    why: {
      "tfjs-node-gpu": "refused: not installed: @tensorflow/tfjs-node-gpu",
      webgpu: "refused: not installed: @tensorflow/tfjs-backend-webgpu",
      wasm: "refused: not installed: @tensorflow/tfjs-backend-wasm",
      "tfjs-node": "refused: not installed: @tensorflow/tfjs-node",
      cpu: "taken: a matrix product came out right",
    },
  });
  expect(stderr).toBe("");
});

test("with no backend at all the error names why for each", async () => {
  const { json } = await select({}, `show({ e: await refusal() });`);
  expect(json.e).toMatch(
    /^selectBackend: expected one of tfjs-node-gpu, webgpu, wasm, tfjs-node, cpu to/,
  );
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

test.for([
  { name: "Bun", program: process.env.RNNKIT_BUN, flags: [] },
  { name: "Deno", program: process.env.RNNKIT_DENO, flags: ["run", "--allow-all"] },
])(
  "on $name wasm is taken, and the line says $name",
  async ({ name, program, flags }, { skip }) => {
    if (!program) return skip();
    const script = `${opening} show({ line: describeBackend(await selectBackend()) });`;
    const { json, stderr } = await runIn(makeProject(built, { real: all }), script, flags, program);
    expect(json?.line, stderr).toMatch(`wasm, SIMD, 1 thread, tfjs 4.22.0, ${name} `);
    const version = execFileSync(program, ["--version"], { encoding: "utf8" });
    expect(version).toContain(json.line.split(" ").at(-1));
  },
);

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
  expect(json.order).toEqual(["wasm", "cpu", "tfjs-node-gpu", "webgpu", "tfjs-node"]);
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

test("without SharedArrayBuffer wasm computes all the same", async () => {
  const { json, stderr } = await select(
    { real: all },
    `delete globalThis.SharedArrayBuffer;
     const s = await selectBackend();
     const x = tf.ones([2, 2]);
     show({ line: describeBackend(s), product: Array.from(await tf.matMul(x, x).data()) });`,
  );
  expect(json?.line, stderr).toMatch(/^wasm, SIMD, 1 thread, /);
  expect([json.product, stderr]).toEqual([[2, 2, 2, 2], ""]);
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
