import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { initializers } from "@tensorflow/tfjs-layers";
import { expect } from "vitest";

export const [B, T, I, H] = [3, 5, 2, 4];
export const uniform = (shape: number[], seed: number) =>
  tf.randomUniform(shape, -1, 1, "float32", seed);
export const x = () => uniform([B, T, I], 7);
export const biasInitializer = initializers.randomUniform({ minval: -1, maxval: 1, seed: 9 });
export const list = (y: unknown) => [y].flat() as tf.Tensor[];
export const close = (got: tf.Tensor, want: tf.Tensor, atol = tolerances.layers.calls.atol) => {
  expect(got.shape).toEqual(want.shape);
  expect(got.dataSync()).toBeAllclose(want.dataSync(), { rtol: 0, atol });
};
export const closeAll = (got: unknown, want: unknown, atol?: number) => {
  expect(list(got)).toHaveLength(list(want).length);
  for (const [i, w] of list(want).entries()) close(list(got)[i]!, w, atol);
};
export const maskOf = (rows: number[][]) =>
  tf.tensor2d(rows.flat(), [rows.length, rows[0]!.length], "bool");
export const mask = () =>
  maskOf([
    [0, 1, 1, 0, 1],
    [1, 1, 1, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
