import { shown } from "@rnnkit/core-rnn";
import {
  gather,
  type KernelBackend,
  type Tensor,
  tensor1d,
  engine as tfEngine,
  tidy,
} from "@tensorflow/tfjs-core";
import { newTensors, readableBackends, readTensor, tensorOf } from "./tensor-access.ts";

/**
 * Rows of x [N, ...] by their numbers, [rows.length, ...]: what `tf.gather` gives, without its gradient and at the
 * price of the copies alone on backends that are read at once. For the batches of a training.
 *
 * @throws RangeError for a row that x has not.
 * @example
 * takeRows(tf.tensor2d([[1, 2], [3, 4]]), Int32Array.of(1, 0)); // => [[3, 4], [1, 2]]
 */
export function takeRows(x: Tensor, rows: Int32Array): Tensor {
  const [count = 0, ...row] = x.shape;
  for (const i of rows) {
    if (i >= 0 && i < count) continue;
    throw new RangeError(`takeRows: expected rows from 0 to below ${count}, got ${shown(i)}`);
  }
  const backend = tfEngine().backend as KernelBackend;
  const isFloats = x.dtype === "float32" && readableBackends.includes(tfEngine().backendName);
  if (!isFloats || x.size === 0 || rows.length === 0) {
    return tidy(() => gather(x, tensor1d(rows, "int32")));
  }
  // It may move x here, and the new tensor may move what was read: then it is read again.
  readTensor(backend, x);
  const { arrays, finish } = newTensors(backend, [rows.length, ...row], 1);
  const [from, to] = [readTensor(backend, x), arrays[0]];
  const width = x.size / count;
  for (let i = 0; i < rows.length; i++) {
    to.set(from.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  }
  return tensorOf(finish()[0]);
}
