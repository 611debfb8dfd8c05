// The two shapes in which a forecasting tutorial asks for its windows.
import { checkOptions, shown } from "./generated/options.ts";
import type { ArrayInput } from "./nd-array.ts";
import {
  type WindowArray,
  type WindowDtype,
  type WindowOptions,
  type Windows,
  windowOptionNames,
  windowsOf,
} from "./sliding-windows.ts";

/**
 * Windows of `seqLength` steps, and the step after each: the inputs and targets of one-step
 * forecasting, shaped for a recurrent layer.
 *
 *     x[i] = series[i … i + seqLength),   y[i] = series[i + seqLength],   N = T − seqLength
 *
 * From a series [T] or [T, F]: x is [N, seqLength, F] (F = 1 for a 1-D series), y is [N, F], or
 * [N, C] with **targetColumns**. `slidingWindows` has the other options and the errors.
 *
 * @example
 * const { x, y } = createSequences([1, 2, 3, 4, 5], 3);
 * x; // => { data: Float32Array [1, 2, 3, 2, 3, 4], shape: [2, 3, 1] }
 * y; // => { data: Float32Array [4, 5], shape: [2, 1] }
 */
export function createSequences<
  X extends ArrayInput,
  D extends WindowDtype | undefined = undefined,
>(series: X, seqLength: number, options: WindowOptions<D> = {}): Windows<WindowArray<X, D>> {
  checkOptions("createSequences", options, windowOptionNames);
  const all = { ...options, windowLength: seqLength, horizon: 1 };
  const { x, y } = windowsOf("createSequences", series, all, "seqLength");
  const [count, , features = 1] = x.shape;
  return {
    x: { data: x.data, shape: [count, seqLength, features] },
    y: { data: y.data, shape: [count, y.shape[2] ?? 1] },
  };
}

/**
 * Windows of `nTimesteps` steps, and the `nPredictions` steps after each: the inputs and targets of
 * a forecaster whose last layer has one unit for every step ahead.
 *
 *     x[i] = series[i … i + nTimesteps)
 *     y[i] = series[i + nTimesteps … i + nTimesteps + nPredictions)
 *     N = T − nTimesteps − nPredictions + 1
 *
 * From a series [T] or [T, F]: x is [N, nTimesteps, F] (F = 1 for a 1-D series), y is
 * [N, nPredictions] when one column is predicted (a series of one column, or one of
 * **targetColumns**), else [N, nPredictions, C]. `slidingWindows` has the errors.
 *
 * @example
 * const { x, y } = prepareData([1, 2, 3, 4, 5], 2, 2);
 * x; // => { data: Float32Array [1, 2, 2, 3], shape: [2, 2, 1] }
 * y; // => { data: Float32Array [3, 4, 4, 5], shape: [2, 2] }
 */
export function prepareData<X extends ArrayInput, D extends WindowDtype | undefined = undefined>(
  series: X,
  nTimesteps: number,
  nPredictions: number,
  options: WindowOptions<D> = {},
): Windows<WindowArray<X, D>> {
  checkOptions("prepareData", options, windowOptionNames);
  if (!Number.isInteger(nPredictions) || nPredictions < 1) {
    throw new Error(`prepareData: expected nPredictions of at least 1, got ${shown(nPredictions)}`);
  }
  const all = { ...options, windowLength: nTimesteps, horizon: nPredictions };
  const { x, y } = windowsOf("prepareData", series, all, "nTimesteps");
  const [count, , features = 1] = x.shape;
  const columns = y.shape[2] ?? 1;
  return {
    x: { data: x.data, shape: [count, nTimesteps, features] },
    y: { data: y.data, shape: [count, nPredictions, ...(columns === 1 ? [] : [columns])] },
  };
}
