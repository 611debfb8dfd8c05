import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { inBatches, predict } from "../training.ts";
import type { PredictWindows } from "./rollout.ts";

const BATCH = 256;

/** Predictions as a model makes them; **onRows** hears after each batch how many windows it had. */
export function predictionsOf(
  model: LayersModel,
  signal: AbortSignal,
  onRows?: (rows: number) => void,
): PredictWindows {
  return (windows) => predict(model, windows, BATCH, signal, onRows);
}

/**
 * Predictions with dropout left on, so that each differs (Monte Carlo dropout). The masks follow from the layers'
 * seeds and from what was drawn before: the same program draws the same.
 */
export function dropoutPredictions(
  model: LayersModel,
  signal: AbortSignal,
  onRows?: (rows: number) => void,
): PredictWindows {
  const apply = (x: Tensor) => model.apply(x, { training: true }) as Tensor;
  return (windows) => inBatches(windows, BATCH, signal, apply, onRows);
}
