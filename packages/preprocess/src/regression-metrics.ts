// scikit-learn's regression metrics, in float64 whatever comes in.
import { checkOptions, shown } from "./generated/options.ts";
import { type ArrayInput, readArray } from "./nd-array.ts";

/** What every metric of this kind takes. */
export interface RegressionMetricOptions {
  /** The weight of each row, [N]; they need not sum to 1. Default all alike. */
  sampleWeight?: ArrayInput;
}

/** A value for each output column. */
export interface RawValues {
  /** One value for each output column instead of their mean. */
  multioutput: "raw_values";
}

/** One value, the mean over the output columns. */
export interface UniformAverage {
  /** The mean over output columns: the default. */
  multioutput?: "uniform_average";
}

/** The mean over output columns. @inline */
type Average = RegressionMetricOptions & UniformAverage;
/** A value for each of them. @inline */
type Raw = RegressionMetricOptions & RawValues;

/** Either way of averaging. @internal */
export type MetricOptions = RegressionMetricOptions & { multioutput?: string };

/** What all metrics here take. @internal */
export const metricOptionNames: readonly string[] = ["sampleWeight", "multioutput"];

/**
 * The mean of (yTrue − yPred)².
 *
 * Both are [N] or [N, M]; [N] counts as [N, 1]. Throws, as all metrics here do, on other ranks, on
 * shapes that differ, on no rows, on NaN and ±Infinity, and on weights that sum to 0.
 *
 * Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.mean_squared_error.html
 *
 * @example
 * meanSquaredError([1, 2], [1, 4]); // => 2
 */
export function meanSquaredError(yTrue: ArrayInput, yPred: ArrayInput, options?: Average): number;
export function meanSquaredError(yTrue: ArrayInput, yPred: ArrayInput, options: Raw): Float64Array;
export function meanSquaredError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: MetricOptions = {},
): number | Float64Array {
  return reduce(
    columnMeans("meanSquaredError", yTrue, yPred, options, (d) => d * d),
    options,
  );
}

/**
 * The root of the mean squared error of each output column, averaged over the columns:
 * mean_j √(mean_i (yTrue[i, j] − yPred[i, j])²), which for several columns is not the root of
 * `meanSquaredError`. In the units of y.
 *
 * Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.root_mean_squared_error.html
 *
 * @example
 * rootMeanSquaredError([1, 2], [1, 4]); // => 1.4142135623730951
 */
export function rootMeanSquaredError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options?: Average,
): number;
export function rootMeanSquaredError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: Raw,
): Float64Array;
export function rootMeanSquaredError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: MetricOptions = {},
): number | Float64Array {
  const squares = columnMeans("rootMeanSquaredError", yTrue, yPred, options, (d) => d * d);
  return reduce(squares.map(Math.sqrt), options);
}

/**
 * The mean of |yTrue − yPred|. In the units of y, and less moved by outliers than the squares.
 *
 * Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.mean_absolute_error.html
 *
 * @example
 * meanAbsoluteError([1, 2], [1, 4]); // => 1
 */
export function meanAbsoluteError(yTrue: ArrayInput, yPred: ArrayInput, options?: Average): number;
export function meanAbsoluteError(yTrue: ArrayInput, yPred: ArrayInput, options: Raw): Float64Array;
export function meanAbsoluteError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: MetricOptions = {},
): number | Float64Array {
  return reduce(columnMeans("meanAbsoluteError", yTrue, yPred, options, Math.abs), options);
}

/** The weighted mean over rows of a function of the difference, for each column. @internal */
export function columnMeans(
  who: string,
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: MetricOptions,
  penalty: (difference: number) => number,
  optionNames: readonly string[] = metricOptionNames,
): Float64Array {
  checkOptions(who, options, optionNames);
  const { sampleWeight, multioutput = "uniform_average" } = options;
  if (multioutput !== "uniform_average" && multioutput !== "raw_values") {
    throw new Error(
      `${who}: expected multioutput uniform_average or raw_values, got ${shown(multioutput)}`,
    );
  }
  const truth = readColumns(who, yTrue);
  const guess = readColumns(who, yPred);
  const { rows, columns } = truth;
  if (guess.rows !== rows || guess.columns !== columns) {
    throw new Error(
      `${who}: expected predictions [${rows}, ${columns}], got [${guess.rows}, ${guess.columns}]`,
    );
  }
  const weights =
    sampleWeight === undefined ? undefined : readColumns(`${who} sampleWeight`, sampleWeight);
  if (weights && (weights.rows !== rows || weights.columns !== 1)) {
    throw new Error(`${who}: expected ${rows} weights, got [${weights.rows}, ${weights.columns}]`);
  }
  const means = new Float64Array(columns);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const weight = weights ? weights.data[i] : 1;
    total += weight;
    for (let j = 0; j < columns; j++) {
      const k = i * columns + j;
      means[j] += weight * penalty(truth.data[k] - guess.data[k]);
    }
  }
  if (total === 0) throw new Error(`${who}: expected weights that do not sum to 0`);
  return means.map((sum) => sum / total);
}

/** The columns' values, or their mean. @internal */
export function reduce(
  values: Float64Array,
  { multioutput }: MetricOptions,
): number | Float64Array {
  if (multioutput === "raw_values") return values;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Finite numbers, [N] or [N, M]. @internal */
export function readColumns(
  who: string,
  y: ArrayInput,
): { data: ArrayLike<number>; rows: number; columns: number } {
  const { data, shape } = readArray(who, y);
  const [rows, columns = 1] = shape;
  if (shape.length < 1 || shape.length > 2 || data.length === 0) {
    throw new Error(`${who}: expected [N] or [N, M] with at least one row, got ${shown(shape)}`);
  }
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new Error(
        `${who}: expected finite numbers, got ${data[i]} in row ${Math.floor(i / columns)}`,
      );
    }
  }
  return { data, rows, columns };
}
