import { seededRandom } from "@rnnkit/core-rnn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect } from "vitest";
import { exportOnnx } from "./export.ts";

/** Weights of every part of the model, biases too, uniform in ±0.4. */
export function shake(model: LayersModel, seed = 1): void {
  const random = seededRandom(seed);
  const weights = model.getWeights().map((old) =>
    tf.tensor(
      Float32Array.from({ length: old.size }, () => 0.8 * random.uniform() - 0.4),
      old.shape,
    ),
  );
  model.setWeights(weights);
  tf.dispose(weights);
}

/** What onnxruntime makes of a file: its outputs by name. */
export async function runOnnx(
  bytes: Uint8Array,
  feeds: Record<string, tf.Tensor>,
): Promise<Record<string, tf.Tensor>> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const given = Object.entries(feeds).map(([name, x]) => {
    const data = x.dataSync() as Float32Array;
    return [name, new Tensor(x.dtype as "float32", data, x.shape)];
  });
  const results = await session.run(Object.fromEntries(given));
  const outputs = Object.entries(results).map(([name, { data, dims }]) => [
    name,
    tf.tensor(data as Float32Array, dims as number[]),
  ]);
  await session.release();
  return Object.fromEntries(outputs);
}

/** Uniform in ±1.5. */
export const real = (shape: number[], seed = 7): tf.Tensor =>
  tf.randomUniform(shape, -1.5, 1.5, "float32", seed);

/** Padding in front, behind, between, everywhere and nowhere. */
export const tokens = (): tf.Tensor2D =>
  tf.tensor2d(
    [
      [0, 0, 3, 1, 2, 5, 4],
      [6, 1, 2, 3, 0, 0, 0],
      [0, 2, 0, 0, 5, 1, 0],
      [0, 0, 0, 0, 0, 0, 0],
      [1, 2, 3, 4, 5, 6, 1],
    ],
    [5, 7],
    "int32",
  );

/** That onnxruntime predicts what tfjs does, output by output, from weights drawn anew. */
export async function expectAgreement(made: LayersModel, x: tf.Tensor): Promise<void> {
  shake(made);
  const tfjs = [made.predict(x)].flat() as tf.Tensor[];
  const outputs = await runOnnx(await exportOnnx(made), { [made.inputNames[0]!]: x });
  const onnx = Object.values(outputs);
  expect(onnx.map((y) => y.shape)).toEqual(tfjs.map((y) => y.shape));
  for (const [i, y] of onnx.entries()) {
    expect(y.dataSync()).toBeAllclose(tfjs[i]!.dataSync(), tolerances.onnx.outputs);
  }
}
