import { createSequences, MinMaxScaler, type NdArray, prepareData } from "@rnnkit/preprocess";
import { UsageError } from "../terminal/usage-error.ts";
import { type Examples, sliceRows } from "../training.ts";
import type { Series } from "./one-series.ts";

/** Windows of a series and the value after each, scaled. */
export interface SeriesPart extends Examples {
  /** Index in the series of the first window's target; those of the others follow it. */
  firstTarget: number;
}

/** A series and its features cut into windows: [n, timesteps, features] and the series' next values, [n, 1]. */
export interface PreparedSeries {
  /** Of each column on its own, the series' first. */
  scaler: MinMaxScaler;
  train: SeriesPart;
  test: SeriesPart;
  /** Number of steps that one prediction says: the next, or so many from it on. */
  outputs: number;
  /** Whether it says every column of each step, so that it can go on from what it said. Default the series alone. */
  allColumns?: boolean;
  /** What the model learns from where it says more than the next value: windows and all of it. */
  fit?: Examples;
}

export interface PrepareOptions {
  /** Points that train, the first ones. Default 80 %. */
  trainPoints?: number;
  /** Points in all: the test part is what lies between. Default the whole series. */
  points?: number;
  /** Whether the model is to say every column. Default false. */
  allColumns?: boolean;
  /** That of a model which is there already. Default fitted on the training part. */
  scaler?: MinMaxScaler | null;
}

/** A series that can be cut, and not cut yet. */
export interface ScaledSeries {
  scaler: MinMaxScaler;
  /** All columns of all points, [points, columns]. */
  scaled: NdArray;
  trainPoints: number;
}

// The first part of the series, in time order, that the model learns from.
const TRAIN_SHARE = 0.8;
// Ten float64 epsilons: a smaller range is a constant's to the scaler.
const LEAST_RANGE = 10 * Number.EPSILON;
// The square of a larger one, as the loss has it, is no number in float32.
const MOST_SCALED = 1e18;

/**
 * Fits the scaler on the first 80 % of the points and cuts all points into windows, for a model that says
 * the next **outputs** values, all of them in the training part. A window of the
 * test part may begin in the training part: its past is known by then, only its target is new. A window has the
 * features' past as the series' own, up to the step before its target, and nothing of later steps.
 *
 * @throws UsageError when the series is too short for the window
 */
export function prepareSeries(
  series: Series,
  timesteps: number,
  outputs = 1,
  options: PrepareOptions = {},
): PreparedSeries {
  const { allColumns = false } = options;
  const { scaler, scaled, trainPoints } = scaleSeries(series, timesteps, outputs, options);
  const windows = createSequences(scaled, timesteps, { targetColumns: [0] });
  const parts = splitWindows(windows, trainPoints - timesteps, timesteps);
  const prepared = { scaler, outputs, ...parts };
  if (outputs === 1 && !allColumns) return prepared;
  const { x, y } = prepareData(sliceRows(scaled, 0, trainPoints), timesteps, outputs, {
    ...(!allColumns && { targetColumns: [0] }),
  });
  const rows = rowsOf(x);
  return {
    ...prepared,
    ...(allColumns && { allColumns }),
    fit: { x, y: { data: y.data, shape: [rows, y.data.length / rows] } },
  };
}

/** Windows that a model of so many points learns from. */
export function countWindows(trainPoints: number, timesteps: number, outputs: number): number {
  return trainPoints - timesteps - outputs + 1;
}

/**
 * The columns of a series by the scaler of its training part: what `prepareSeries` cuts, and refuses.
 *
 * @throws UsageError when the series is too short for the window
 */
export function scaleSeries(
  series: Series,
  timesteps: number,
  outputs: number,
  options: PrepareOptions,
): ScaledSeries {
  const { points = series.values.length } = options;
  const { trainPoints = Math.floor(points * TRAIN_SHARE) } = options;
  if (countWindows(trainPoints, timesteps, outputs) < 1) {
    const ahead = outputs > 1 ? ` and --ahead ${outputs}` : "";
    const asked = `--timesteps ${timesteps}${ahead}`;
    throw new UsageError(
      options.trainPoints === undefined
        ? `forecast: expected at least ${Math.ceil((timesteps + outputs) / TRAIN_SHARE)} points for ${asked}, got ${points} in ${series.title}`
        : `forecast: expected at least ${timesteps + outputs} points to train on in the first fold of --walk-forward for ${asked}, got ${trainPoints}`,
    );
  }
  const known = columnsOf(series, points);
  const scaler = options.scaler ?? new MinMaxScaler().fit(sliceRows(known, 0, trainPoints));
  const scaled = scaler.transform(known);
  refuseNear(series, scaler);
  refuseFar(series, scaled, scaler);
  return { scaler, scaled, trainPoints };
}

/** A window's columns of the first **points** steps, [points, features]: the series, then its features. */
export function columnsOf(
  { values, features = [] }: Pick<Series, "values" | "features">,
  points: number,
): NdArray {
  const columns = [values, ...features.map((feature) => feature.values)];
  const data = new Float64Array(points * columns.length);
  for (const [j, column] of columns.entries()) {
    for (let t = 0; t < points; t++) data[t * columns.length + j] = column[t] as number;
  }
  return { data, shape: [points, columns.length] };
}

/** What the scaler takes for one value, as scikit-learn's does, the model would never see. */
function refuseNear(
  { valueLabel, features = [] }: Series,
  { dataMin, dataMax, dataRange }: MinMaxScaler,
): void {
  const near = dataRange.findIndex((range) => range > 0 && range < LEAST_RANGE);
  if (near < 0) return;
  throw new UsageError(
    `forecast: expected values of ${features[near - 1]?.name ?? valueLabel} that differ by ${LEAST_RANGE} or more in the ` +
      `training part, got ${dataMin[near]} to ${dataMax[near]}: use a smaller unit`,
  );
}

function refuseFar(
  { values, at, features = [] }: Series,
  { data, shape }: NdArray,
  scaler: MinMaxScaler,
): void {
  const far = data.findIndex((x) => Math.abs(x) > MOST_SCALED);
  if (far < 0) return;
  const width = shape[1] as number;
  const [row, column] = [Math.floor(far / width), far % width];
  const feature = features[column - 1];
  const of = feature ? ` of ${feature.name}` : "";
  throw new UsageError(
    `forecast: expected values${of} within ${MOST_SCALED} times the range of the training part (${scaler.dataMin[column]} ` +
      `to ${scaler.dataMax[column]}), got ${(feature?.values ?? values)[row]} at ${at[row]}: correct it, or leave the rows before out`,
  );
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
