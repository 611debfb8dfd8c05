import type { Errors, HorizonErrors, JudgedForecasts } from "../results.ts";
import { rootMeanSquare } from "../statistics.ts";
import { coverageOf, type Forecasts } from "./bands.ts";

/** Values and what was forecast of them, of one step of the horizon over one stretch. */
export interface StepForecasts {
  actual: number[];
  model: number[];
  lastValue: number[];
  /** Null where there is no season. */
  seasonal: number[] | null;
  lower: number[] | null;
  upper: number[] | null;
  /** What errors are measured against, see `naiveScale`; null where it is 0. */
  scale: number | null;
}

/** Where forecasts stand in a series. */
export interface Stretch {
  values: Float64Array;
  /** Index of the first forecast's first target; those of the others follow it. */
  firstTarget: number;
  /** The first point that is none of the stretch's. */
  end: number;
  /** Points of a season that the seasonal baseline looks back; null: none. */
  season: number | null;
  scale: number | null;
}

/**
 * What a mean absolute scaled error is scaled by: the mean |change from one value to the next| of the training part,
 * whatever the season and the step ahead, as Hyndman and Koehler (2006) define it. Null where it never changes.
 */
export function naiveScale(train: Float64Array): number | null {
  let sum = 0;
  const steps = train.length - 1;
  for (let t = 1; t <= steps; t++) sum += Math.abs(train[t]! - train[t - 1]!) / steps;
  return sum > 0 && Number.isFinite(sum) ? sum : null;
}

/** A stretch of a series, all before which is its training part. */
export function stretchOf(
  values: Float64Array,
  firstTarget: number,
  end: number,
  season: number | null,
): Stretch {
  const scale = naiveScale(values.subarray(0, firstTarget));
  return { values, firstTarget, end, season, scale };
}

/**
 * The forecasts by their step ahead, beside the last value known at each's origin and the value of the same place in
 * the last known season. Only targets within the stretch are judged: the more steps ahead, the fewer.
 */
export function byStep(forecasts: Forecasts, stretch: Stretch): StepForecasts[] {
  const { values, firstTarget, end, season, scale } = stretch;
  const { horizon, point, lower, upper } = forecasts;
  const count = point.length / horizon;
  const steps: StepForecasts[] = [];
  for (let h = 0; h < horizon; h++) {
    const n = Math.min(count, end - firstTarget - h);
    if (n < 1) break;
    const of = (value: (origin: number, i: number) => number) =>
      Array.from({ length: n }, (_, i) => value(firstTarget + i, i));
    const said = (array: Float64Array | null) => array && of((_, i) => array[i * horizon + h]!);
    const back = season && season * Math.ceil((h + 1) / season) - h;
    steps.push({
      actual: of((first) => values[first + h]!),
      model: said(point) as number[],
      lastValue: of((first) => values[first - 1]!),
      seasonal: back && firstTarget >= back ? of((first) => values[first - back]!) : null,
      lower: said(lower),
      upper: said(upper),
      scale,
    });
  }
  return steps;
}

// Windows that a model is asked of for the errors' sake: some seconds' work.
const [MOST_WINDOWS, MOST_SAMPLED] = [250_000, 1_000_000];

/**
 * How many of so many steps ahead are judged over a stretch of so many points: no more than lie in it, and so that
 * points times steps, and samples, are not beyond what is worth waiting for.
 */
export function judgedSteps(ahead: number, points: number, samples: number | null): number {
  const most = samples === null ? MOST_WINDOWS : MOST_SAMPLED / samples;
  return Math.max(1, Math.min(ahead, points, Math.floor(most / points)));
}

/** Errors of several stretches' forecasts, step by step and all together. */
export function horizonErrors(stretches: readonly StepForecasts[][]): HorizonErrors {
  const longest = Math.max(...stretches.map(({ length }) => length));
  const step = (h: number) => judged(stretches.flatMap((steps) => steps.slice(h, h + 1)));
  return {
    steps: Array.from({ length: longest }, (_, h) => step(h)),
    all: judged(stretches.flat()),
  };
}

/** Errors of groups of forecasts, each scaled by its own training part's naive error. */
function judged(groups: readonly StepForecasts[]): JudgedForecasts {
  const joined = (name: "actual" | "model" | "lastValue" | "seasonal" | "lower" | "upper") =>
    groups.every((group) => group[name] !== null) ? groups.flatMap((group) => group[name]!) : null;
  const actual = joined("actual") as number[];
  const scales = groups.flatMap(({ actual: { length }, scale }) => Array(length).fill(scale));
  const errors = (said: number[]) => errorsOf(actual, said, scales);
  const [seasonal, lower, upper] = [joined("seasonal"), joined("lower"), joined("upper")];
  return {
    count: actual.length,
    model: errors(joined("model") as number[]),
    lastValue: errors(joined("lastValue") as number[]),
    seasonal: seasonal && errors(seasonal),
    ...(lower && upper ? coverageOf(actual, lower, upper) : { coverage: null, width: null }),
  };
}

function errorsOf(actual: number[], said: number[], scales: (number | null)[]): Errors {
  const count = actual.length;
  let [mae, mase] = [0, 0];
  for (let i = 0; i < count; i++) {
    const error = Math.abs(actual[i]! - said[i]!) / count;
    mae += error;
    mase += error / (scales[i] ?? Number.NaN);
  }
  return { mae, rmse: rootMeanSquare(actual, said), mase: Number.isFinite(mase) ? mase : null };
}
