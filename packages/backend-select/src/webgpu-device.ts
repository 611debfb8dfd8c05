// A GPU device of this package's own making: tfjs's own asks for six of its limits and none of the features.
import { dawnSource, type GpuSource } from "./dawn.ts";
import { nodeRuntime } from "./runtime.ts";
import { softwareLack } from "./software-adapter.ts";

/** A device with what its adapter says of itself, or why there is none. */
export type StartedDevice =
  | {
      readonly device: GPUDevice;
      readonly info: GPUAdapterInfo;
      readonly lack?: undefined;
    }
  | { readonly lack: string };

// What kernels and tensors run into. A device that is asked for nothing has 8 buffers a kernel, of 128 MiB each.
const limits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxUniformBufferBindingSize",
  "maxUniformBuffersPerShaderStage",
  "maxBindGroups",
  "maxBindingsPerBindGroup",
  "maxDynamicStorageBuffersPerPipelineLayout",
  "maxDynamicUniformBuffersPerPipelineLayout",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
  "maxTextureDimension2D",
  "maxStorageTexturesPerShaderStage",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

// The last is what tfjs draws images with.
const features: readonly GPUFeatureName[] = [
  "shader-f16",
  "subgroups",
  "timestamp-query",
  "bgra8unorm-storage",
];

/**
 * A new device on a new adapter (an adapter makes one) with the adapter's real limits. tfjs's package must have
 * been imported before: at the sight of what this puts in place in Node it would register a backend of its own.
 *
 * @throws what the adapter says when it makes no device.
 */
export async function startDevice(allowSoftware: boolean): Promise<StartedDevice> {
  const source = await gpuSource();
  if (source.lack !== undefined) return source;
  const adapter = await source.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    return { lack: "no GPU adapter: WebGPU is here, and finds no GPU or no driver of one" };
  const lack = allowSoftware ? undefined : softwareLack(adapter);
  if (lack !== undefined) return { lack };
  const device = await adapter.requestDevice({
    requiredFeatures: features.filter((name) => adapter.features.has(name)),
    requiredLimits: Object.fromEntries(
      limits
        .map((name) => [name, adapter.limits[name]] as const)
        .filter(([, value]) => value !== undefined),
    ),
  });
  source.putInPlace();
  return { device, info: adapter.info };
}

async function gpuSource(): Promise<GpuSource> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu) return { gpu, putInPlace: () => {} };
  const node = nodeRuntime();
  if (node) return dawnSource(node);
  if (globalThis.isSecureContext === false)
    return {
      lack: "WebGPU missing: this page is no secure context, which https and 127.0.0.1 are",
    };
  return { lack: "WebGPU missing: this browser has no navigator.gpu" };
}

/** Whether the device is gone; one that goes in this moment counts. */
export async function isLost(device: GPUDevice): Promise<boolean> {
  const notYet = new Promise<false>((resolve) => setTimeout(resolve, 0, false));
  return Promise.race([device.lost.then(() => true), notYet]);
}
