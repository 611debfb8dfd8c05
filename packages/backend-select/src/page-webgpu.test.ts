import { expect, test } from "vitest";
import { bundle, hasBrowser, open } from "../test/page.ts";
import { all } from "../test/selection.ts";

const real = [...all, "@tensorflow/tfjs-backend-webgpu"] as const;
const softwareGpu = { flags: ["--enable-unsafe-webgpu"] };
const webgpu = `{ require: "webgpu", allowSoftware: true }`;

// Runs in the page.
const life = `(async () => {
  const fault = async (work) => {
    try { return Array.from(await (await work()).data()); } catch (e) { return [e.name, e.message]; }
  };
  const square = (x) => tf.matMul(x, x);
  const first = tf.backend();
  const { device } = first;
  const storage = device.limits.maxStorageBuffersPerShaderStage;
  const features = ["shader-f16", "subgroups", "timestamp-query"].filter((name) => device.features.has(name));
  const x = tf.ones([2, 2]);
  const y = square(x);
  const sync = await fault(async () => ({ data: () => y.dataSync() }));
  const still = await fault(() => y);
  device.createBuffer({ size: 16, usage: 0xffff });
  await device.queue.onSubmittedWorkDone();
  const refused = [await fault(() => square(x)), await fault(() => square(x))];
  const bad = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM });
  const inEncoder = square(x);
  first.ensureCommandEncoderReady();
  first.endComputePassEncoder();
  first.commandEncoder.copyBufferToBuffer(bad, 0, bad, 0, 16);
  const read = [await fault(() => inEncoder), await fault(() => square(x))];
  device.destroy();
  const lost = [await fault(() => square(x)), await fault(() => tf.ones([2]))];
  const again = await selectBackend(${webgpu});
  const z = tf.ones([2, 2]);
  return { storage, features, sync, still, refused, read, lost, isNew: tf.backend() !== first,
    works: await fault(() => square(z)), name: again.name };
})()`;

test.runIf(hasBrowser)(
  "a page computes on webgpu: faults are errors by name, and selecting again works",
  async () => {
    const { result, said } = await open(
      await bundle(real, webgpu, true, "", life),
      {},
      softwareGpu,
    );
    expect(result, said.join("\n")).toMatchObject({ name: "webgpu", now: "webgpu" });
    expect(result.candidates[0].reason).toMatch(/^a matrix product came out right, on \S+/);
    expect(result.line).toMatch(/^webgpu, .*, tfjs 4\.22\.0, \w+ \d+$/);
    const right = [2, 2, 2, 2];
    const { after } = result;
    expect(after.storage).toBeGreaterThan(8);
    expect(after.features).toContain("subgroups");
    expect(after.sync[0]).toBe("WebGPUSynchronousRead");
    expect(after.still).toEqual(right);
    for (const [first, second] of [after.refused, after.read]) {
      expect(first[0]).toBe("WebGPUValidationError");
      expect(second).toEqual(right);
    }
    expect(after.lost.map(([name]: string[]) => name)).toEqual([
      "WebGPUDeviceLost",
      "WebGPUDeviceLost",
    ]);
    expect(after).toMatchObject({ isNew: true, works: right, name: "webgpu" });
    expect(said).toEqual([]);
  },
);

const wasmFolder = `{ wasmPaths: "/wasm/" }`;

test.runIf(hasBrowser)(
  "a page whose only adapter is software computes on wasm, unless it is allowed",
  async () => {
    const folder = await bundle(real, wasmFolder, true, "", "tf.findBackendFactory('webgpu')");
    const { result, said } = await open(folder, {}, softwareGpu);
    expect(result, said.join("\n")).toMatchObject({ name: "wasm", after: null });
    expect(result.candidates[1].reason).toBe(
      "software adapter: SwiftShader computes on the CPU; allowSoftware: true takes it",
    );
    expect(said).toEqual([]);
  },
);

test.runIf(hasBrowser)(
  "a page without an adapter, without WebGPU, or not secure, computes on wasm and says why",
  async () => {
    const folder = await bundle(real, wasmFolder);
    const insecure = {
      flags: ["--host-resolver-rules=MAP insecure.test 127.0.0.1"],
      host: "insecure.test",
    };
    for (const [manner, reason] of [
      [{}, /^no GPU adapter: WebGPU is here, and finds no GPU/],
      [
        { before: "delete Navigator.prototype.gpu" },
        /^WebGPU missing: this browser has no navigator.gpu$/,
      ],
      [insecure, /^WebGPU missing: this page is no secure context/],
    ] as const) {
      const { result, said } = await open(
        folder,
        {},
        { ...manner, flags: [...("flags" in manner ? manner.flags : [])] },
      );
      expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
      expect(result.candidates[1].reason).toMatch(reason);
    }
  },
);

test.runIf(hasBrowser)(
  "a page that imported tfjs's package first has our device all the same, and keeps its own registration if refused",
  async () => {
    const before = `await import("@tensorflow/tfjs-backend-webgpu");
      window.theirs = tf.findBackendFactory("webgpu");
      window.first = await selectBackend({ wasmPaths: "/wasm/" });
      window.kept = tf.findBackendFactory("webgpu") === theirs;`;
    const after = `({ first: first.name, kept, storage: tf.backend().device.limits.maxStorageBuffersPerShaderStage })`;
    const folder = await bundle(real, webgpu, true, before, after);
    const { result, said } = await open(folder, {}, softwareGpu);
    expect(result?.after, said.join("\n")).toMatchObject({ first: "wasm", kept: true });
    expect(result.after.storage).toBeGreaterThan(8);
    expect(said).toEqual([]);
  },
);
