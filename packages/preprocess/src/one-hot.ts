import { shown } from "./generated/options.ts";
import { type ArrayInput, type NdArray, readArray } from "./nd-array.ts";

/**
 * Class indices as rows of zeros with a single one, as `keras.ops.one_hot` and `tf.oneHot` give.
 *
 *     out[..., k] = 1 if indices[...] = k, else 0          0 ≤ k < depth
 *
 * Indices of any shape [...] give [..., depth] float32. An index outside 0 … depth − 1 (as −1 for
 * "none") gives a row of zeros. Throws on indices that are no integers, and on a depth below 1.
 *
 * @example
 * oneHot([2, 0], 3); // => { data: Float32Array [0, 0, 1, 1, 0, 0], shape: [2, 3] }
 */
export function oneHot(indices: ArrayInput, depth: number): NdArray<Float32Array> {
  const { data, shape } = readArray("oneHot", indices);
  if (!Number.isInteger(depth) || depth < 1) {
    throw new Error(`oneHot: expected depth to be an integer of at least 1, got ${shown(depth)}`);
  }
  const wrong = data.find((index) => !Number.isInteger(index));
  if (wrong !== undefined) throw new Error(`oneHot: expected integer indices, got ${wrong}`);
  const out = new Float32Array(data.length * depth);
  for (let i = 0; i < data.length; i++) {
    if (data[i] >= 0 && data[i] < depth) out[i * depth + data[i]] = 1;
  }
  return { data: out, shape: [...shape, depth] };
}
