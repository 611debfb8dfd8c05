// Sizes, data and the comparison of the tests of models that run as a whole.

import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, expect } from "vitest";
import { setWholeSteps } from "../index.ts";

export const [B, T, I, H] = [4, 5, 3, 6];
export const of = { units: H, seed: 3 };
export const at = { inputShape: [T, I] };

/** Runs a file's tests on wasm, each with models as a whole at its beginning. */
export function useWholeSteps(): void {
  beforeAll(() => tf.setBackend("wasm"));
  afterEach(() => setWholeSteps(true));
}

export function wave(shape: number[], k = 1): tf.Tensor {
  const length = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Float32Array.from({ length }, (_, i) => Math.sin(k * i + 0.5)),
    shape,
  );
}

export const x = (): tf.Tensor => wave([B, T, I]);
export const y = (): tf.Tensor => wave([B, 1], 2);

export const numbersOf = (model: Sequential): number[] =>
  model.getWeights().flatMap((weight) => [...weight.dataSync()]);

/** What **run** gives with models as a whole, beside layer by layer. */
export async function bothWays(run: () => Promise<number[]> | number[]): Promise<void> {
  const whole = await run();
  setWholeSteps(false);
  const usual = await run();
  setWholeSteps(true);
  expect(whole).toBeAllclose(usual, tolerances.layers.wholes);
}
