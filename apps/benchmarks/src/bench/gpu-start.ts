// Until backend-select starts it: tfjs's WebGPU backend in Node, on Dawn.

import * as tf from "@tensorflow/tfjs-core";

interface Dawn {
  create(options: string[]): GPU;
  globals: Record<string, unknown>;
}

/** The object that `create` gave: collected, it would end the process. */
const keep = globalThis as { rnnkitDawn?: GPU };

/** @throws Error with the reason where there is no adapter */
export async function startWebGPU(): Promise<GPUAdapterInfo> {
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  if (tf.findBackend("webgpu")) {
    await tf.setBackend("webgpu");
    return (tf.backend() as unknown as { device: GPUDevice }).device.adapterInfo;
  }
  const { create, globals } = (await import("webgpu" as string)) as Dawn;
  Object.assign(globalThis, globals);
  keep.rnnkitDawn ??= create([]);
  const adapter = await keep.rnnkitDawn.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("webgpu: no GPU adapter");
  const requiredFeatures = (["timestamp-query"] as const).filter((f) => adapter.features.has(f));
  const device = await adapter.requestDevice({ requiredFeatures });
  Object.defineProperty(globalThis.navigator ?? {}, "gpu", {
    ...{ value: keep.rnnkitDawn, configurable: true },
  });
  if (!globalThis.navigator) {
    Object.defineProperty(globalThis, "navigator", {
      ...{ value: { gpu: keep.rnnkitDawn }, configurable: true },
    });
  }
  tf.registerBackend("webgpu", () => new WebGPUBackend(device as never) as never, 0);
  await tf.setBackend("webgpu");
  return adapter.info;
}
