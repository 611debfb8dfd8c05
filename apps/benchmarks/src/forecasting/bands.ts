import type { NdArray } from "@rnnkit/preprocess";
import type { BandSettings } from "../results.ts";
import { quantile } from "../statistics.ts";
import { BAND_LEVELS, type ForecasterLayout, levelsOf } from "./layout.ts";
import { type PredictWindows, rollout } from "./rollout.ts";

/** Forecasts of so many windows, [windows, horizon]; without bands **lower** and **upper** are null. */
export interface Forecasts {
  horizon: number;
  point: Float64Array;
  lower: Float64Array | null;
  upper: Float64Array | null;
}

/** How the bands of a method are made; those of dropout out of so many **samples**. */
export function bandSettings(method: BandSettings["method"], samples: number): BandSettings {
  const [low, , high] = BAND_LEVELS;
  return {
    method,
    levels: [low, high],
    nominal: Number((high - low).toFixed(12)),
    samples: method === "dropout" ? samples : null,
  };
}

/** Predictions with dropout left on, drawn so often. */
export interface Sampling {
  predict: PredictWindows;
  samples: number;
}

// Rows of copied windows in one prediction.
const MOST_ROWS = 4096;

/**
 * Forecasts of each window, scaled as the windows are, with what bands the model has: its outer quantiles, or those
 * of **sampling**. Quantiles that a model says in another order than theirs are put in order.
 */
export async function forecastWindows(
  layout: ForecasterLayout,
  windows: NdArray,
  horizon: number,
  predict: PredictWindows,
  sampling: Sampling | null = null,
): Promise<Forecasts | null> {
  const said = await rollout(layout, windows, horizon, predict);
  if (!said) return null;
  const levels = levelsOf(layout);
  if (levels === 1) {
    const bands = sampling && (await sampledBands(layout, windows, horizon, sampling));
    if (sampling && !bands) return null;
    return { horizon, point: said, lower: bands?.lower ?? null, upper: bands?.upper ?? null };
  }
  const count = said.length / levels;
  for (let i = 0; i < count; i++) said.subarray(i * levels, (i + 1) * levels).sort();
  const level = (l: number) =>
    Float64Array.from({ length: count }, (_, i) => said[i * levels + l]!);
  const median = (levels - 1) / 2;
  return { horizon, point: level(median), lower: level(0), upper: level(levels - 1) };
}

/**
 * The outer quantiles of forecasts under many dropout masks (Gal and Ghahramani 2016). Each sample goes its own way:
 * of several steps, what it said is what it sees next.
 */
async function sampledBands(
  layout: ForecasterLayout,
  windows: NdArray,
  horizon: number,
  { predict, samples }: Sampling,
): Promise<{ lower: Float64Array; upper: Float64Array } | null> {
  const count = windows.shape[0] as number;
  const size = layout.timesteps * layout.features;
  const lower = new Float64Array(count * horizon);
  const upper = new Float64Array(count * horizon);
  const block = Math.max(1, Math.floor(MOST_ROWS / samples));
  for (let start = 0; start < count; start += block) {
    const rows = Math.min(block, count - start);
    const data = new Float32Array(rows * samples * size);
    const those = windows.data.subarray(start * size, (start + rows) * size);
    for (let s = 0; s < samples; s++) data.set(those, s * rows * size);
    const copies = { data, shape: [rows * samples, layout.timesteps, layout.features] };
    const said = await rollout(layout, copies, horizon, predict);
    if (!said) return null;
    for (let k = 0; k < rows * horizon; k++) {
      const drawn = Array.from({ length: samples }, (_, s) => said[s * rows * horizon + k]!);
      lower[start * horizon + k] = quantile(drawn, BAND_LEVELS[0]);
      upper[start * horizon + k] = quantile(drawn, BAND_LEVELS[2]);
    }
  }
  return { lower, upper };
}

/** The share of values within their bands, the ends included, and the bands' mean width. */
export function coverageOf(
  actual: readonly number[],
  lower: readonly number[],
  upper: readonly number[],
): { coverage: number; width: number } {
  const within = actual.filter((value, i) => value >= lower[i]! && value <= upper[i]!).length;
  const width = upper.reduce((sum, end, i) => sum + (end - lower[i]!) / upper.length, 0);
  return { coverage: within / actual.length, width };
}
