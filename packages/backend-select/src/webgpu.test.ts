import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { expect, test } from "vitest";
import { all, built, opening, select, showSelection } from "../test/selection.ts";
import { makeProject, type RealPackage, runIn, temporaryFolder } from "../test/temp-project.ts";
import { vulkanDriver } from "../test/vulkan.ts";

const withWebgpu: RealPackage[] = [...all, "@tensorflow/tfjs-backend-webgpu", "webgpu"];
const software = { VK_DRIVER_FILES: vulkanDriver ?? "" };
const onWebgpu = `
  const start = () => selectBackend({ require: "webgpu", allowSoftware: true });
  const fault = async (work) => {
    try { return Array.from(await (await work()).data()); } catch (e) { return [e.name, e.message]; }
  };
  const square = (x) => tf.matMul(x, x);`;

function run(script: string, flags: string[] = []) {
  return select({ real: withWebgpu }, onWebgpu + script, flags, software);
}

test.runIf(vulkanDriver)(
  "webgpu has the adapter's limits and features, and the process ends by itself",
  async () => {
    const { json, stderr, stdout, code } = await run(
      `const s = await start();
       const { device } = tf.backend();
       const adapter = await navigator.gpu.requestAdapter();
       const limits = Object.keys(Object.getPrototypeOf(adapter.limits)).concat(Object.keys(adapter.limits));
       const own = (name) => name in device.limits && device.limits[name] === adapter.limits[name];
       const compute = ["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage",
         "maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX",
         "maxComputeWorkgroupSizeY", "maxComputeWorkgroupSizeZ", "maxComputeWorkgroupsPerDimension"];
       const features = ["shader-f16", "subgroups", "timestamp-query"];
       tf.matMul(tf.ones([64, 64]), tf.ones([64, 64]));
       show({ taken: s.candidates[0], now: tf.getBackend(), line: describeBackend(),
              less: compute.filter((name) => !own(name)),
              lacking: features.filter((name) => adapter.features.has(name) !== device.features.has(name)) });`,
    );
    expect(json, stderr).toMatchObject({ now: "webgpu", less: [], lacking: [] });
    expect(json.taken).toMatchObject({ name: "webgpu", outcome: "taken" });
    expect(json.taken.reason).toMatch(/^a matrix product came out right, on \S+/);
    expect(json.line).toMatch(/^webgpu, \S.*, tfjs 4\.22\.0, Node /);
    expect([code, stderr, stdout.trim().split("\n").length]).toEqual([0, "", 1]);
  },
);

test.runIf(vulkanDriver)("software is refused by default, and leaves nothing behind", async () => {
  const { json, stderr, code } = await select({ real: withWebgpu }, showSelection, [], software);
  expect(json, stderr).toMatchObject({ name: "wasm", current: "wasm" });
  expect(json.why.webgpu).toMatch(
    /^refused: software adapter: \w+ computes on the CPU; allowSoftware: true takes it$/,
  );
  expect([code, stderr]).toEqual([0, ""]);
});

test.runIf(vulkanDriver)(
  "a lost device is an error by name on every call, until it is selected again",
  async () => {
    const { json, stderr, code } = await run(
      `const s = await start();
       const old = tf.backend();
       const onGpu = square(tf.ones([2, 2]));
       const onCpu = tf.tensor1d([1, 2, 3]);
       const reading = fault(() => square(tf.ones([40, 40])));
       old.device.destroy();
       const during = await reading;
       const after = [await fault(() => tf.mul(onCpu, 3)), await fault(() => onGpu),
         await fault(() => tf.ones([2])), await fault(() => onGpu)];
       const kept = await fault(() => onCpu);
       const again = await start();
       const same = tf.backend() === old;
       const lost = await fault(() => onGpu);
       const u = tf.ones([2, 2]);
       const works = [await fault(() => square(u)), await fault(() => tf.mul(onCpu, 2))];
       onGpu.dispose();
       const third = await start();
       show({ during, after, kept, same, isNew: again !== s, lost, works, third: third === again });`,
    );
    expect(json?.during[0], stderr).toBe("WebGPUDeviceLost");
    expect(json.after.map(([name]: string[]) => name)).toEqual(
      Array.from({ length: 4 }, () => "WebGPUDeviceLost"),
    );
    expect(json.after[0][1]).toMatch(
      /^webgpu: the GPU device was lost \(destroyed: .*; selectBackend starts a new one/,
    );
    expect(json).toMatchObject({ kept: [1, 2, 3], same: false, isNew: true, third: true });
    expect(json.lost[0]).toBe("WebGPUDeviceLost");
    expect(json.works).toEqual([
      [2, 2, 2, 2],
      [2, 4, 6],
    ]);
    expect([code, stderr]).toEqual([0, ""]);
  },
);

test.runIf(vulkanDriver)(
  "refused work is an error by name once, on the next call of whatever; then all works",
  async () => {
    const { json, stderr } = await run(
      `await start();
       const b = tf.backend();
       const x = tf.ones([2, 2]);
       // As a kernel of one's own may: a copy that is not allowed, in tfjs's own encoder.
       const refuse = () => {
         const buffer = b.device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM });
         b.ensureCommandEncoderReady();
         b.endComputePassEncoder();
         b.commandEncoder.copyBufferToBuffer(buffer, 0, buffer, 0, 16);
       };
       const outcomes = {};
       for (const [name, call] of Object.entries({
         operation: () => square(x),
         creation: () => tf.ones([3]),
         read: () => given,
         buffer: () => tf.tensor({ buffer: own, zeroCopy: true }, [4]),
       })) {
         globalThis.given = square(x);
         globalThis.own = b.device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
         refuse();
         if (name !== "read") { b.endComputePassEncoder(); b.submitQueue(); }
         await b.device.queue.onSubmittedWorkDone();
         outcomes[name] = [await fault(call), await fault(() => square(x))];
       }
       // Known of while the encoder still records: it goes with it.
       refuse();
       b.device.createBuffer({ size: 16, usage: 0xffff });
       outcomes.recording = [await fault(() => square(x)), await fault(() => square(x))];
       b.device.createBuffer({ size: 2 ** 52, usage: GPUBufferUsage.STORAGE });
       const huge = [await fault(() => square(x)), await fault(() => square(x))];
       show({ outcomes, huge });`,
    );
    const right = [2, 2, 2, 2];
    for (const [name, [first, second]] of Object.entries<unknown[][]>(json?.outcomes ?? {})) {
      expect(first, `${name} ${stderr}`).toEqual([
        "WebGPUValidationError",
        expect.stringMatching(/^webgpu: the GPU refused an operation .* is void; make those/),
      ]);
      expect(second, name).toEqual(right);
    }
    expect(Object.keys(json.outcomes)).toHaveLength(5);
    expect(json.huge[0][0]).toMatch(/^WebGPU(Validation|OutOfMemory)Error$/);
    expect([json.huge[1], stderr]).toEqual([right, ""]);
  },
);

test.runIf(vulkanDriver)(
  "a synchronous read of numbers on the GPU says what to do; of the CPU's it gives them",
  async () => {
    const { json, stderr } = await run(
      `await start();
       const sync = (t) => { try { return Array.from(t.dataSync()); } catch (e) { return [e.name, e.message]; } };
       const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
       const before = sync(x);
       const y = square(x);
       const gpu = sync(y);
       const c = tf.complex(tf.reshape(y, [4]), tf.reshape(y, [4]));
       const complex = sync(c)[0];
       await y.data();
       const words = tf.tensor1d(["a", "b"]).dataSync();
       show({ before, gpu, complex, read: sync(y), words, still: await fault(() => square(x)) });`,
    );
    expect(json, stderr).toMatchObject({
      ...{ before: [1, 2, 3, 4], read: [7, 10, 15, 22], still: [7, 10, 15, 22] },
      ...{ complex: "WebGPUSynchronousRead", words: ["a", "b"] },
    });
    expect(json.gpu).toEqual([
      "WebGPUSynchronousRead",
      expect.stringContaining("await tensor.data()"),
    ]);
  },
);

test.runIf(vulkanDriver)(
  "no collection of garbage ends the process, nor does removal",
  async () => {
    const { json, stderr, code } = await run(
      `await start();
     for (let i = 0; i < 5; i++) { gc(); await new Promise((r) => setTimeout(r, 20)); }
     const x = tf.ones([2, 2]);
     const after = await fault(() => square(x));
     tf.removeBackend("webgpu");
     await start();
     gc();
     show({ after, again: await fault(() => square(tf.ones([2, 2]))) });`,
      ["--expose-gc"],
    );
    expect(json, stderr).toEqual({ after: [2, 2, 2, 2], again: [2, 2, 2, 2] });
    expect([code, stderr]).toEqual([0, ""]);
  },
);

const without = (name: string) => withWebgpu.filter((other) => other !== name);

test.each(["webgpu", "@tensorflow/tfjs-backend-webgpu"])(
  "without %s wasm is next, quietly",
  async (name) => {
    const { json, stderr } = await select({ real: without(name) }, showSelection, [], software);
    expect(json, stderr).toMatchObject({ name: "wasm" });
    expect(json.why.webgpu).toBe(`refused: not installed: ${name}`);
    expect(stderr).toBe("");
  },
);

test.runIf(vulkanDriver)("without a Vulkan driver wasm is next", async () => {
  const env = { VK_DRIVER_FILES: "/nowhere" };
  const { json, stderr, code } = await select({ real: withWebgpu }, showSelection, [], env);
  expect(json, stderr).toMatchObject({ name: "wasm" });
  expect(json.why.webgpu).toMatch(/^refused: no GPU adapter: WebGPU is here, and finds no GPU/);
  expect(code).toBe(0);
});

test.runIf(process.platform === "linux")(
  "without the Vulkan loader wasm is next, quietly",
  async () => {
    const folder = temporaryFolder();
    // Found before any other, and no library: what the linker says of one that cannot be loaded.
    writeFileSync(join(folder, "libvulkan.so.1"), "");
    const env = { ...software, LD_LIBRARY_PATH: folder };
    const { json, stderr } = await select({ real: withWebgpu }, showSelection, [], env);
    expect(json, stderr).toMatchObject({ name: "wasm" });
    expect(json.why.webgpu).toMatch(
      /^refused: no GPU adapter: the Vulkan loader is missing \(.*libvulkan.so.1.*; Debian has it in libvulkan1$/,
    );
    expect(stderr).toBe("");
  },
);

test("an older webgpu is refused by its version, a newer is not", async () => {
  const project = makeProject(built, { real: without("webgpu") });
  const target = join(project, "node_modules/webgpu");
  const source = dirname(createRequire(import.meta.url).resolve("webgpu/package.json"));
  mkdirSync(target);
  for (const part of ["dist", "index.js"])
    cpSync(join(source, part), join(target, part), {
      recursive: true,
      filter: (path) =>
        !/dist[/\\]\w+-\w+/.test(path) || path.includes(`dist${sep}${process.platform}`),
    });
  const script = opening + showSelection;
  for (const [version, reason] of [
    ["0.6.1", /^refused: too old: webgpu 0.6.1; expected 0.6.2 or later/],
    ["0.10.0", /^refused: (software adapter|no GPU adapter): /],
    ["1.0.0-beta.1", /^refused: (software adapter|no GPU adapter): /],
  ] as const) {
    const manifest = { name: "webgpu", version, main: "index.js", type: "module" };
    writeFileSync(join(target, "package.json"), JSON.stringify(manifest));
    const { json, stderr } = await runIn(project, script, [], process.execPath, software);
    expect(json?.why.webgpu, stderr).toMatch(reason);
  }
});
