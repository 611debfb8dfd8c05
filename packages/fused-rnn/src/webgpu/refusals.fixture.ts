import { startWebGPU } from "@rnnkit/test-kit/dawn";
import { beforeAll } from "vitest";
import { registerWebGPUKernels } from "./index.ts";

/** Starts a device with this package's kernels before a block's tests, and gives what it refuses, in their order. */
export function useWebGPU(): string[] {
  const refused: string[] = [];
  beforeAll(async () => {
    const device = await startWebGPU();
    device.addEventListener("uncapturederror", ({ error }) => refused.push(error.message));
    registerWebGPUKernels();
  });
  return refused;
}
