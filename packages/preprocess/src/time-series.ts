import { checkOptions, shown } from "./generated/options.ts";
import type { NdArray } from "./nd-array.ts";
import { random } from "./random.ts";

/** What `generateTimeSeries` takes. */
export interface TimeSeriesOptions {
  /** Points in a series. Default 1000. */
  length?: number;
  /** Number of series, each with its own phase. Default one series and no batch axis. */
  batch?: number;
  /** Points in one turn of the sine. Default 50. */
  period?: number;
  /** Height of the sine. Default 1. */
  amplitude?: number;
  /** Standard deviation of the noise: no forecast can have a lower RMSE. Default 0.1. */
  noise?: number;
  /** The same seed gives the same series, an integer in [0, 2³²). Default 0. */
  seed?: number;
}

const optionNames = ["length", "batch", "period", "amplitude", "noise", "seed"];

/**
 * A sine with Gaussian noise, the series on which forecasting tutorials train.
 *
 *     x[t] = amplitude · sin(2π·t / period + phase) + noise · ε,   ε ~ N(0, 1)
 *
 * Returns [length, 1] with phase 0, ready for a scaler and for `createSequences`; with **batch**
 * [batch, length, 1], where each series has a phase drawn from [0, 2π). float32.
 *
 * Throws when a length or batch is no integer of at least 1, a period is not positive, noise is
 * negative, or a number is not finite.
 *
 * @example
 * const series = generateTimeSeries({ length: 500, noise: 0.05, seed: 1 });
 * series.shape; // => [500, 1]
 */
export function generateTimeSeries(options: TimeSeriesOptions = {}): NdArray<Float32Array> {
  checkOptions("generateTimeSeries", options, optionNames);
  const { length = 1000, batch, period = 50, amplitude = 1, noise = 0.1, seed = 0 } = options;
  const expect = (name: string, x: number, ok: boolean, want: string): void => {
    if (!ok) throw new Error(`generateTimeSeries: expected ${name} to be ${want}, got ${shown(x)}`);
  };
  const series = batch ?? 1;
  expect("length", length, Number.isInteger(length) && length >= 1, "an integer of at least 1");
  expect("batch", series, Number.isInteger(series) && series >= 1, "an integer of at least 1");
  expect("period", period, period > 0 && period < Infinity, "positive");
  expect("amplitude", amplitude, Number.isFinite(amplitude), "finite");
  expect("noise", noise, noise >= 0 && noise < Infinity, "at least 0");

  const draw = random("generateTimeSeries", seed);
  const data = new Float32Array(series * length);
  for (let b = 0; b < series; b++) {
    const phase = batch === undefined ? 0 : 2 * Math.PI * draw.uniform();
    for (let t = 0; t < length; t++) {
      const turn = (2 * Math.PI * t) / period + phase;
      data[b * length + t] = amplitude * Math.sin(turn) + noise * draw.normal();
    }
  }
  return { data, shape: batch === undefined ? [length, 1] : [series, length, 1] };
}
