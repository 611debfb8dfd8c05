import type { NdArray } from "@rnnkit/preprocess";
import { type ForecasterLayout, levelsOf, reaches, widthOf } from "./layout.ts";

/** A model's outputs for windows, one row behind the other; null where it was interrupted. */
export type PredictWindows = (windows: NdArray) => Promise<ArrayLike<number> | null>;

/**
 * The first column's forecasts **horizon** steps ahead of each window, scaled as the windows are:
 * [windows, horizon, levels]. What a model of fewer steps said counts as known for the next ones.
 *
 * @throws when the model says too little to go on from, see `reaches`
 */
export async function rollout(
  layout: ForecasterLayout,
  windows: NdArray,
  horizon: number,
  predict: PredictWindows,
): Promise<Float64Array | null> {
  if (!reaches(layout, horizon)) {
    throw new Error(
      `rollout: expected a model of all ${layout.features} columns and one number of each, got one of ${layout.steps} steps, for ${horizon}`,
    );
  }
  const { steps, columns } = layout;
  const levels = levelsOf(layout);
  const width = widthOf(layout);
  const count = windows.shape[0] as number;
  const said = new Float64Array(count * horizon * levels);
  let seen = windows;
  for (let done = 0; done < horizon; done += steps) {
    const outputs = await predict(seen);
    if (!outputs) return null;
    for (let i = 0; i < count; i++) {
      for (let s = 0; s < steps && done + s < horizon; s++) {
        for (let l = 0; l < levels; l++) {
          const from = i * width + s * columns * levels + l;
          said[(i * horizon + done + s) * levels + l] = outputs[from] as number;
        }
      }
    }
    if (done + steps < horizon) seen = goneOn(seen, outputs, layout);
  }
  return said;
}

/** Each window without its first steps, and what was said of all columns behind it. */
function goneOn(
  { data, shape }: NdArray,
  outputs: ArrayLike<number>,
  { timesteps, features, steps }: ForecasterLayout,
): NdArray {
  const size = timesteps * features;
  const fresh = steps * features;
  const next = new Float32Array(data.length);
  for (let i = 0; i < (shape[0] as number); i++) {
    for (let k = 0; k < size; k++) {
      // The window and what was said, one behind the other; the last of both are kept.
      const at = k + fresh;
      const value = at < size ? data[i * size + at] : outputs[i * fresh + at - size];
      next[i * size + k] = value as number;
    }
  }
  return { data: next, shape };
}
