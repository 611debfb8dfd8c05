import { seededRandom } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { exportOnnx } from "./onnx-export.ts";

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

/** What tfjs and onnxruntime predict from x, output by output. */
export async function predictions(
  model: LayersModel,
  x: tf.Tensor,
): Promise<{ tfjs: tf.Tensor[]; onnx: tf.Tensor[] }> {
  const outputs = await runOnnx(await exportOnnx(model), { [model.inputNames[0]!]: x });
  return {
    tfjs: [model.predict(x)].flat() as tf.Tensor[],
    onnx: Object.values(outputs),
  };
}
