// Scores of forecasts: of quantiles, and in proportion to what a naive forecast errs by.
import { shown } from "./generated/options.ts";
import type { ArrayInput } from "./nd-array.ts";
import {
  columnMeans,
  type MetricOptions,
  metricOptionNames,
  type RawValues,
  type RegressionMetricOptions,
  readColumns,
  reduce,
  type UniformAverage,
} from "./regression-metrics.ts";

/** What `pinballLoss` takes. */
export interface PinballLossOptions extends RegressionMetricOptions {
  /** The share of values that should lie below the predictions, from 0 to 1. Default 0.5, the median. */
  alpha?: number;
}

/** What `meanAbsoluteScaledError` takes. */
export interface MeanAbsoluteScaledErrorOptions extends RegressionMetricOptions {
  /** Points in a season: what the naive forecast of the scale looks back. Default 1, the value before. */
  season?: number;
}

/**
 * The mean pinball loss, which the **alpha**-quantile of y has least of:
 *
 *     alpha · (yTrue − yPred) where yPred ≤ yTrue,   (1 − alpha) · (yPred − yTrue) where it is above
 *
 * With alpha 0.5 it is half the mean absolute error. In the units of y. Shapes, weights and errors are those of
 * `meanSquaredError`; throws as well on an alpha outside of [0, 1].
 *
 * Source: scikit-learn.org/stable/modules/generated/sklearn.metrics.mean_pinball_loss.html
 *
 * @example
 * pinballLoss([1, 2, 3], [0, 2, 3], { alpha: 0.9 }); // => 0.3
 */
export function pinballLoss(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options?: PinballLossOptions & UniformAverage,
): number;
export function pinballLoss(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: PinballLossOptions & RawValues,
): Float64Array;
export function pinballLoss(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: MetricOptions & PinballLossOptions = {},
): number | Float64Array {
  const who = "pinballLoss";
  const { alpha = 0.5 } = options ?? {};
  const penalty = (d: number) => (d >= 0 ? alpha * d : (alpha - 1) * d);
  const names = [...metricOptionNames, "alpha"];
  const means = columnMeans(who, yTrue, yPred, options, penalty, names);
  if (!(typeof alpha === "number" && alpha >= 0 && alpha <= 1)) {
    throw new Error(`${who}: expected alpha from 0 to 1, got ${shown(alpha)}`);
  }
  return reduce(means, options);
}

/**
 * The mean absolute scaled error (MASE): the mean absolute error in proportion to that of the naive forecast
 * within the training part, so that series of different units compare, and below 1 beats it.
 *
 *     MASE = mean |yTrue − yPred| / scale,   scale = 1/(N − m) · Σ |yTrain[t] − yTrain[t − m]|,   m < t ≤ N
 *
 * As Hyndman and Koehler define it, the naive forecast is the value one step before, m = **season** = 1, for
 * several steps ahead too; with another season it is the value one season before, as their later texts and R's
 * forecast package have it for seasonal series. Of several columns each is scaled by its own.
 *
 * yTrue and yPred are [N] or [N, M], yTrain has as many columns; shapes, weights and errors are those of
 * `meanSquaredError`. Throws as well on a season that is no integer of at least 1, on no more training rows
 * than a season, and on a column of yTrain that repeats itself, whose scale is 0.
 *
 * Source: Hyndman & Koehler 2006, "Another look at measures of forecast accuracy", section 3.
 *
 * @example
 * meanAbsoluteScaledError([5, 9], [6, 8], [1, 3, 2, 4]); // => 0.6
 */
export function meanAbsoluteScaledError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  yTrain: ArrayInput,
  options?: MeanAbsoluteScaledErrorOptions & UniformAverage,
): number;
export function meanAbsoluteScaledError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  yTrain: ArrayInput,
  options: MeanAbsoluteScaledErrorOptions & RawValues,
): Float64Array;
export function meanAbsoluteScaledError(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  yTrain: ArrayInput,
  options: MetricOptions & MeanAbsoluteScaledErrorOptions = {},
): number | Float64Array {
  const who = "meanAbsoluteScaledError";
  const names = [...metricOptionNames, "season"];
  const errors = columnMeans(who, yTrue, yPred, options, Math.abs, names);
  const { season = 1 } = options;
  const { data, rows, columns } = readColumns(`${who} yTrain`, yTrain);
  if (columns !== errors.length) {
    throw new Error(`${who}: expected yTrain to have ${errors.length} columns, got ${columns}`);
  }
  if (!Number.isInteger(season) || season < 1 || season >= rows) {
    throw new Error(
      `${who}: expected season to be an integer of at least 1 and below yTrain's ${rows} rows, got ${shown(season)}`,
    );
  }
  const scaled = errors.map((error, j) => {
    let sum = 0;
    for (let t = season; t < rows; t++) {
      sum += Math.abs(data[t * columns + j] - data[(t - season) * columns + j]);
    }
    if (sum === 0) {
      throw new Error(
        `${who}: expected yTrain to change from one season (${season}) to the next, got a column ${j} that repeats itself`,
      );
    }
    return error / (sum / (rows - season));
  });
  return reduce(scaled, options);
}
