import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { predict, sliceRows } from "../training.ts";
import type { PredictWindows } from "./rollout.ts";

const BATCH = 256;

/** Predictions as a model makes them. */
export function predictionsOf(model: LayersModel, signal: AbortSignal): PredictWindows {
  return (windows) => predict(model, windows, BATCH, signal);
}

/**
 * Predictions with dropout left on, so that each differs (Monte Carlo dropout). The masks follow from the layers'
 * seeds and from what was drawn before: the same program draws the same.
 */
export function dropoutPredictions(model: LayersModel, signal: AbortSignal): PredictWindows {
  return async (windows) => {
    const rows = windows.shape[0] as number;
    const out: number[] = [];
    for (let start = 0; start < rows; start += BATCH) {
      if (signal.aborted) return null;
      const said = tf.tidy(() => {
        const { data, shape } = sliceRows(windows, start, Math.min(rows, start + BATCH));
        const x = tf.tensor(Float32Array.from(data), [...shape]);
        return model.apply(x, { training: true }) as tf.Tensor;
      });
      try {
        for (const value of await said.data()) out.push(value);
      } finally {
        said.dispose();
      }
    }
    return out;
  };
}
