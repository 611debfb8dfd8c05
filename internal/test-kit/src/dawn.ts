// tfjs's WebGPU backend in Node, on Dawn and whatever Vulkan driver there is: SwiftShader where there is no GPU.

import * as tf from "@tensorflow/tfjs-core";
import { vi } from "vitest";

// A driver without a GPU compiles a program in seconds where others work beside it.
vi.setConfig({ testTimeout: 180_000 });

interface Dawn {
  create(options: string[]): GPU;
  globals: Record<string, unknown>;
}

/** The object that `create` gave: collected, it would end the process. */
const keep = globalThis as { rnnkitDawn?: GPU };

/** A device of an adapter that is there, or undefined. */
export async function dawnDevice(
  limits: Record<string, number> = {},
): Promise<GPUDevice | undefined> {
  if (!process.env.VK_DRIVER_FILES) return undefined;
  const { create, globals } = (await import("webgpu")) as unknown as Dawn;
  Object.assign(globalThis, globals);
  keep.rnnkitDawn ??= create([]);
  const adapter = await keep.rnnkitDawn.requestAdapter();
  return adapter?.requestDevice({ requiredLimits: limits });
}

/** Whether the tests of WebGPU can run here. */
export const hasDawn: boolean = (await dawnDevice()) !== undefined;

/** Makes tfjs's backend on such a device and calls it *webgpu*. */
export async function startWebGPU(limits: Record<string, number> = {}): Promise<GPUDevice> {
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  const device = await dawnDevice(limits);
  if (!device || !keep.rnnkitDawn) throw new Error("expected a WebGPU adapter, got none");
  Object.defineProperty(globalThis.navigator ?? {}, "gpu", {
    ...{ value: keep.rnnkitDawn, configurable: true },
  });
  if (!globalThis.navigator) {
    Object.defineProperty(globalThis, "navigator", {
      ...{ value: { gpu: keep.rnnkitDawn }, configurable: true },
    });
  }
  if (tf.findBackendFactory("webgpu")) tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => new WebGPUBackend(device as never) as never, 0);
  return device;
}
