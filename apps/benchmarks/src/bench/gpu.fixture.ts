// The device that tests of the GPU benches run on: any, SwiftShader among them.

import { type Gpu, startGpu } from "./gpu-device.ts";

/** Undefined, with the reason said, where there is no driver. */
export async function gpuForTests(): Promise<Gpu | undefined> {
  try {
    return await startGpu();
  } catch (error) {
    console.warn(`tests of the GPU benches are skipped: ${(error as Error).message}`);
    return undefined;
  }
}
