import { memory } from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/**
 * Runs `body` once as a burn-in (caches, kernels), then again, and expects that no tensor and no
 * byte of tensor memory is left behind by the later runs.
 */
export async function expectNoTensorLeak(body: () => unknown, runs = 3): Promise<void> {
  await body();
  const before = memory();
  for (let run = 0; run < runs; run++) await body();
  const after = memory();
  expect({ tensors: after.numTensors, bytes: after.numBytes }).toEqual({
    tensors: before.numTensors,
    bytes: before.numBytes,
  });
}
