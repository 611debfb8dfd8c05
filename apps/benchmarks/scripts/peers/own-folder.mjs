// @ts-check
// A folder of src/bench/model-folder.ts as tensors and as the model that its plan says how to build.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as builders from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";

/** @typedef {{ file: string, dtype: "float32" | "int32", shape: number[] }} ArrayEntry */
/** @typedef {{ x: tf.Tensor, y: tf.Tensor }} Examples */
/**
 * @typedef {Examples & {
 *   model: import("@tensorflow/tfjs-layers").Sequential,
 *   batchSize: number,
 *   batch: Examples,
 *   dispose: () => void,
 * }} Opened
 */

/** @param {string} folder @returns {Opened} */
export function openFolder(folder) {
  const plan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8"));
  const model = /** @type {any} */ (builders)[plan.builder](...plan.args);
  /** @param {ArrayEntry} entry */
  const array = ({ file, dtype, shape }) => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, file));
    const values = dtype === "int32" ? Int32Array : Float32Array;
    return tf.tensor(new values(buffer.slice(byteOffset, byteOffset + byteLength)), shape, dtype);
  };
  const [x, y] = [array(plan.x), array(plan.y)];
  /** @param {tf.Tensor} tensor */
  const first = (tensor) => tf.slice(tensor, 0, plan.batchSize);
  const batch = { x: first(x), y: first(y) };
  const dispose = () => {
    model.dispose();
    tf.dispose([x, y, batch]);
  };
  return { model, x, y, batchSize: plan.batchSize, batch, dispose };
}
