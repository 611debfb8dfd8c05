import { createSequences, MinMaxScaler, type NdArray, prepareData } from "@rnnkit/preprocess";
import type { Series } from "./series.ts";
import { type Examples, sliceRows } from "./training.ts";
import { UsageError } from "./usage-error.ts";

/** Windows of a series and the value after each, scaled. */
export interface SeriesPart extends Examples {
  /** Index in the series of the first window's target; those of the others follow it. */
  firstTarget: number;
}

/** A series cut into windows: [n, timesteps, 1] and their targets, [n, 1]. */
export interface PreparedSeries {
  scaler: MinMaxScaler;
  train: SeriesPart;
  test: SeriesPart;
  /** Number of values that one prediction says: the next, or so many from it on. */
  outputs: number;
  /** What the model learns from where **outputs** is more than 1: windows and all values after each. */
  fit?: Examples;
}

// The first part of the series, in time order, that the model learns from.
const TRAIN_SHARE = 0.8;
// The square of a larger one, as the loss has it, is no number in float32.
const MOST_SCALED = 1e18;

/**
 * Fits the scaler on the first 80 % of the points and cuts all points into windows, for a model that says
 * the next **outputs** values, all of them in the training part. A window of the
 * test part may begin in the training part: its past is known by then, only its target is new.
 *
 * @throws UsageError when the series is too short for the window
 */
export function prepareSeries(series: Series, timesteps: number, outputs = 1): PreparedSeries {
  const points = series.values.length;
  const trainPoints = Math.floor(points * TRAIN_SHARE);
  if (trainPoints < timesteps + outputs) {
    const least = Math.ceil((timesteps + outputs) / TRAIN_SHARE);
    const ahead = outputs > 1 ? ` and --ahead ${outputs}` : "";
    throw new UsageError(
      `forecast: expected at least ${least} points for --timesteps ${timesteps}${ahead}, got ${points} in ${series.title}`,
    );
  }
  const scaler = new MinMaxScaler();
  scaler.fit(column(series.values.subarray(0, trainPoints)));
  const scaled = scaler.transform(column(series.values));
  const far = scaled.data.findIndex((x) => Math.abs(x) > MOST_SCALED);
  if (far >= 0) {
    throw new UsageError(
      `forecast: expected values within ${MOST_SCALED} times the range of the training part (${scaler.dataMin[0]} ` +
        `to ${scaler.dataMax[0]}), got ${series.values[far]} at ${series.at[far]}: correct it, or leave the rows before out`,
    );
  }
  const windows = createSequences(scaled, timesteps);
  const parts = splitWindows(windows, trainPoints - timesteps, timesteps);
  if (outputs === 1) return { scaler, outputs, ...parts };
  const known = column(scaled.data.subarray(0, trainPoints));
  return { scaler, outputs, ...parts, fit: prepareData(known, timesteps, outputs) };
}

/**
 * As the tutorial's short listing of part III has it: the scaler fitted on the whole series, all of
 * it cut into windows, the first 80 % of the windows to train.
 */
export function prepareStockPrices(series: Series, timesteps: number): PreparedSeries {
  const scaler = new MinMaxScaler();
  const windows = createSequences(scaler.fitTransform(column(series.values)), timesteps);
  const trainWindows = Math.floor(rowsOf(windows.x) * TRAIN_SHARE);
  return { scaler, outputs: 1, ...splitWindows(windows, trainWindows, timesteps) };
}

/**
 * As the tutorial's full listing of part III has it: the scaler fitted on the whole series, the
 * first 80 % of the points to train, each part cut into windows by itself.
 */
export function prepareTimeSeries(series: Series, timesteps: number): PreparedSeries {
  const scaler = new MinMaxScaler({ featureRange: [0, 1] });
  const { data } = scaler.fitTransform(column(series.values));
  const trainPoints = Math.floor(data.length * TRAIN_SHARE);
  const part = (start: number, end: number): SeriesPart => ({
    ...prepareData(column(data.subarray(start, end)), timesteps, 1),
    firstTarget: start + timesteps,
  });
  return { scaler, outputs: 1, train: part(0, trainPoints), test: part(trainPoints, data.length) };
}

/** The first **trainWindows** windows of a whole series, and the others. */
function splitWindows({ x, y }: Examples, trainWindows: number, timesteps: number) {
  const part = (start: number, end: number): SeriesPart => ({
    x: sliceRows(x, start, end),
    y: sliceRows(y, start, end),
    firstTarget: timesteps + start,
  });
  return { train: part(0, trainWindows), test: part(trainWindows, rowsOf(x)) };
}

function column<D extends NdArray["data"]>(data: D): { data: D; shape: number[] } {
  return { data, shape: [data.length, 1] };
}

function rowsOf({ shape }: NdArray): number {
  return shape[0] as number;
}
