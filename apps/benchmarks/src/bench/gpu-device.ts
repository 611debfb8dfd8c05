// tfjs's WebGPU backend while it runs: its device, and what the adapter says of itself.

import { selectBackend } from "@rnnkit/backend-select";
import { registerWebGPUKernels } from "@rnnkit/fused-rnn/webgpu";
import * as tf from "@tensorflow/tfjs-core";

/** What of tfjs's `WebGPUBackend` is needed to wait for it; some of it is private in its types. */
export interface GpuBackend {
  readonly device: GPUDevice;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** What an adapter says of itself, as far as it tells; nothing is an empty text. */
export interface GpuAdapter {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  /** Whether it computes on the CPU: its times say nothing of a GPU. */
  isSoftware: boolean;
  /** Of the device that was made on it. */
  features: string[];
  limits: Record<string, number>;
}

/** The running backend and its adapter. */
export interface Gpu {
  backend: GpuBackend;
  adapter: GpuAdapter;
}

const limits = [
  ...(["maxBufferSize", "maxStorageBufferBindingSize"] as const),
  ...(["maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize"] as const),
  "maxComputeInvocationsPerWorkgroup",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/**
 * Makes *webgpu* tfjs's current backend, with the kernels of fused-rnn on it; a software adapter will do.
 *
 * @throws Error with the reason where there is none
 */
export async function startGpu(): Promise<Gpu> {
  const isSoftware = await selectAny();
  registerWebGPUKernels();
  const backend = tf.backend() as unknown as GpuBackend;
  const { device } = backend;
  const info = device.adapterInfo;
  return {
    backend,
    adapter: {
      ...{ vendor: info.vendor, architecture: info.architecture, device: info.device },
      ...{ description: info.description, isSoftware },
      features: [...device.features].sort(),
      limits: Object.fromEntries(limits.map((name) => [name, device.limits[name]])),
    },
  };
}

/** Selects *webgpu*, on a GPU where there is one; says whether it is software. */
async function selectAny(): Promise<boolean> {
  try {
    await selectBackend({ require: "webgpu" });
    return false;
  } catch (error) {
    if (!(error as Error).message.includes("software adapter")) throw error;
    await selectBackend({ require: "webgpu", allowSoftware: true });
    return true;
  }
}

/** Resolves when the device has done all that was asked of the backend. */
export async function doneOn({ backend }: Pick<Gpu, "backend">): Promise<void> {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.device.queue.onSubmittedWorkDone();
}

/** Lines about an adapter. */
export function adapterLines(adapter: GpuAdapter): string[] {
  const { vendor, architecture, device, description, isSoftware, features } = adapter;
  const name = [vendor, architecture, device, description].filter(Boolean).join(", ");
  const mib = (bytes = 0) => `${Math.floor(bytes / 2 ** 20)} MiB`;
  const { maxBufferSize, maxStorageBufferBindingSize, ...others } = adapter.limits;
  const sizes = `buffers ${mib(maxBufferSize)}, bound ${mib(maxStorageBufferBindingSize)}`;
  const kernel = `${others.maxStorageBuffersPerShaderStage} a kernel, ${others.maxComputeInvocationsPerWorkgroup} invocations and ${others.maxComputeWorkgroupStorageSize} bytes a workgroup`;
  return [
    `adapter  ${name || "unnamed"}${isSoftware ? "; software, on the CPU" : ""}`,
    `         ${sizes}, ${kernel}`,
    `         features ${features.join(", ") || "none"}`,
  ];
}
