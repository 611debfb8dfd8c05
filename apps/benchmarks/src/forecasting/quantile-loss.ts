import type { NdArray } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The pinball loss for outputs [B, n · levels], the levels of each value side by side, and targets as wide, as
 * `eachLevel` makes them: its minimum are the quantiles (Koenker and Bassett 1978). A function for `compile`; [B].
 *
 *     mean of q · (y − ŷ) where ŷ ≤ y,   (1 − q) · (ŷ − y) where it is above
 */
export function quantileLoss(
  levels: readonly number[],
): (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor {
  return function pinballLoss(yTrue, yPred) {
    return tf.tidy(() => {
      const values = (yPred.shape.at(-1) as number) / levels.length;
      const q = tf.tensor1d(Array.from({ length: values }, () => levels).flat());
      const above = tf.sub(yTrue, yPred);
      // Of the two slopes the one that is a loss: both have its sign.
      return tf.mean(tf.maximum(tf.mul(q, above), tf.mul(tf.sub(q, 1), above)), -1);
    });
  };
}

/** Targets [N, n] once for each level, [N, n · levels]. */
export function eachLevel({ data, shape }: NdArray, levels: number): NdArray {
  const [rows = 0, width = 1] = shape;
  const out = new Float32Array(data.length * levels);
  for (const [i, value] of data.entries()) out.fill(value, i * levels, (i + 1) * levels);
  return { data: out, shape: [rows, width * levels] };
}
