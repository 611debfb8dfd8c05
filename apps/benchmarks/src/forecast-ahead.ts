import type { MinMaxScaler } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

/**
 * How a forecast goes beyond the end of the data: *direct* has a model with an output for each step; *recursive*
 * puts what a model of one output said behind the window, and asks again.
 */
export type Strategy = "direct" | "recursive";

/**
 * The **n** values after **values**, in their own unit, by a model of windows [1, timesteps, 1]; where it has fewer
 * outputs than **n**, what it said counts as known for the next ones.
 */
export function forecastAhead(
  model: LayersModel,
  scaler: MinMaxScaler,
  values: Float64Array,
  n: number,
): Float64Array {
  const timesteps = model.inputs[0]?.shape[1] as number;
  const end = values.subarray(values.length - timesteps);
  const window = Array.from(scaler.transform({ data: end, shape: [timesteps, 1] }).data);
  const said: number[] = [];
  while (said.length < n) {
    const next = tf.tidy(() => {
      const x = tf.tensor(Float32Array.from(window.slice(-timesteps)), [1, timesteps, 1]);
      return Array.from((model.predict(x) as tf.Tensor).dataSync());
    });
    said.push(...next);
    window.push(...next);
  }
  const data = Float64Array.from(said.slice(0, n));
  return Float64Array.from(scaler.inverseTransform({ data, shape: [n, 1] }).data);
}
