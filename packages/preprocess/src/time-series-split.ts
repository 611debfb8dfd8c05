// scikit-learn's TimeSeriesSplit.
import { checkOptions, shown } from "./generated/options.ts";
import { readArrays, type Split, type Splittable, splitArguments } from "./splittable.ts";

/** What `timeSeriesSplit` takes. */
export interface TimeSeriesSplitOptions {
  /** Number of folds, at least 2. Default 5. */
  nSplits?: number;
  /** The most rows that train: the last ones before the test part. Default all of them. */
  maxTrainSize?: number;
  /** Rows in each test part. Default ⌊n / (nSplits + 1)⌋. */
  testSize?: number;
  /** Rows left out between the training part and the test part. Default 0. */
  gap?: number;
}

const who = "timeSeriesSplit";
const optionNames = ["nSplits", "maxTrainSize", "testSize", "gap"];

/**
 * Splits arrays of the same length into folds for walk-forward evaluation: each fold trains on the past and
 * tests on the stretch that follows, and the next one's past is longer by that stretch.
 *
 *     test of fold k = rows [n − (nSplits − k)·testSize, … + testSize),   k = 0 … nSplits − 1
 *     train of fold k = all rows before it but the last gap, at most maxTrainSize
 *
 * Returns the folds in time order, each as `trainTestSplit` returns its parts: `[aTrain, aTest, bTrain, bTest, …]`;
 * parts of a typed array are views. Fit scalers in each fold **on its training part alone**.
 *
 * Throws when arrays differ in length, an option is out of its range, or the first fold would have no row to
 * train on.
 *
 * Source: scikit-learn.org/stable/modules/generated/sklearn.model_selection.TimeSeriesSplit.html
 *
 * @example
 * timeSeriesSplit([1, 2, 3, 4, 5], { nSplits: 2 }); // => [[[1, 2, 3], [4]], [[1, 2, 3, 4], [5]]]
 * for (const [train, test] of timeSeriesSplit(series)) evaluate(train, test);
 */
export function timeSeriesSplit<T extends readonly [Splittable, ...Splittable[]]>(
  ...args: [...arrays: T, options: TimeSeriesSplitOptions]
): Split<T>[];
export function timeSeriesSplit<T extends readonly [Splittable, ...Splittable[]]>(
  ...arrays: T
): Split<T>[];
export function timeSeriesSplit(
  ...args: readonly (Splittable | TimeSeriesSplitOptions)[]
): unknown {
  const [given, options] = splitArguments<TimeSeriesSplitOptions>(args);
  checkOptions(who, options, optionNames, "{ nSplits: 5 }");
  const { arrays, n } = readArrays(who, given);
  const { nSplits = 5, gap = 0 } = options;
  const expectInteger = (name: string, x: number, least: number): void => {
    if (Number.isInteger(x) && x >= least) return;
    throw new Error(
      `${who}: expected ${name} to be an integer of at least ${least}, got ${shown(x)}`,
    );
  };
  expectInteger("nSplits", nSplits, 2);
  expectInteger("gap", gap, 0);
  const { testSize = Math.floor(n / (nSplits + 1)), maxTrainSize = n } = options;
  if (options.testSize !== undefined) expectInteger("testSize", testSize, 1);
  if (options.maxTrainSize !== undefined) expectInteger("maxTrainSize", maxTrainSize, 1);
  const least = nSplits * Math.max(1, testSize) + gap + 1;
  if (n < least) {
    throw new Error(
      `${who}: expected at least ${least} rows for ${nSplits} test parts of ${Math.max(1, testSize)}${gap > 0 ? ` and a gap of ${gap}` : ""}, got ${n}`,
    );
  }
  return Array.from({ length: nSplits }, (_, k) => {
    const start = n - (nSplits - k) * testSize;
    const end = start - gap;
    return arrays.flatMap(({ slice }) => [
      slice(Math.max(0, end - maxTrainSize), end),
      slice(start, start + testSize),
    ]);
  });
}
