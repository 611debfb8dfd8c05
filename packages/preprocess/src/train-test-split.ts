// scikit-learn's train_test_split, with the default that a time series needs.
import { checkKinds, optionKinds } from "./generated/option-kinds.ts";
import { checkOptions, shown } from "./generated/options.ts";
import { random } from "./random.ts";
import { readArrays, type Split, type Splittable, splitArguments } from "./splittable.ts";

/** What `trainTestSplit` takes. */
export interface TrainTestSplitOptions {
  /** The test part: a share in (0, 1), rounded up, or a number of rows. Default 0.25. */
  testSize?: number;
  /** The training part: a share in (0, 1), rounded down, or a number of rows. Default the rest. */
  trainSize?: number;
  /** Draw rows at random. Default false: the past trains, the future tests. */
  shuffle?: boolean;
  /** The seed of the shuffle, an integer in [0, 2³²). Default another one every time. */
  seed?: number;
}

const who = "trainTestSplit";
const optionNames = ["testSize", "trainSize", "shuffle", "seed"];

/**
 * Splits arrays of the same length into a training and a test part, in step with each other.
 *
 *     nTest = ⌈testSize · n⌉ or nTrain = ⌊trainSize · n⌋; what neither takes goes to the other
 *
 * Chronological by default: the first rows train, the following ones test. A shuffled split of a
 * series lets a model train on the neighbours, and with windows on the very points, of what it is
 * tested on. With **shuffle** the rows are drawn by the seeded generator of this package, not in
 * numpy's order.
 *
 * Split first, then fit the scaler **on the training part alone**, and transform both parts with it.
 * A scaler fitted on everything has seen the test part's extremes: the test score then measures a
 * model that knew something of the future, and looks better than what it will do on new data.
 *
 * A chronological part of a typed array is a view of it, without a copy; shuffled parts are copies.
 *
 * Throws when arrays differ in length, or when a size leaves either part empty.
 *
 * Source: https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html
 *
 * @example
 * const [train, test] = trainTestSplit([1, 2, 3, 4, 5], { testSize: 0.4 }); // => [1, 2, 3], [4, 5]
 * const [xTrain, xTest, yTrain, yTest] = trainTestSplit(x, y, { testSize: 0.2 });
 */
export function trainTestSplit<T extends readonly [Splittable, ...Splittable[]]>(
  ...args: [...arrays: T, options: TrainTestSplitOptions]
): Split<T>;
export function trainTestSplit<T extends readonly [Splittable, ...Splittable[]]>(
  ...arrays: T
): Split<T>;
export function trainTestSplit(...args: readonly (Splittable | TrainTestSplitOptions)[]): unknown {
  const [given, options] = splitArguments<TrainTestSplitOptions>(args);
  checkOptions(who, options, optionNames, "{ testSize: 0.2 }");
  checkKinds(who, options, { shuffle: optionKinds.flag });
  const { arrays, n } = readArrays(who, given);
  const { train, test } = sizes(n, options);
  const draw = random(who, options.seed ?? (options.shuffle ? undefined : 0));
  if (!options.shuffle) {
    return arrays.flatMap(({ slice }) => [slice(0, train), slice(train, train + test)]);
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = draw.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const testRows = order.subarray(0, test);
  const trainRows = order.subarray(test, test + train);
  return arrays.flatMap(({ take }) => [take(trainRows), take(testRows)]);
}

function sizes(
  n: number,
  { testSize, trainSize }: TrainTestSplitOptions,
): { train: number; test: number } {
  const rowsOf = (name: string, size: number, round: (x: number) => number): number => {
    const isShare = size > 0 && size < 1;
    const isCount = Number.isInteger(size) && size >= 1 && size < n;
    if (!isShare && !isCount) {
      throw new Error(
        `${who}: expected ${name} to be a share in (0, 1) or a number of rows below ${n}, got ${shown(size)}`,
      );
    }
    return isShare ? round(size * n) : size;
  };
  const wanted = testSize ?? (trainSize === undefined ? 0.25 : undefined);
  let test = wanted === undefined ? undefined : rowsOf("testSize", wanted, Math.ceil);
  const train =
    trainSize === undefined ? n - (test as number) : rowsOf("trainSize", trainSize, Math.floor);
  test ??= n - train;
  if (train < 1 || test < 1 || train + test > n) {
    throw new Error(`${who}: expected both parts to fit into ${n} rows, got ${train} and ${test}`);
  }
  return { train, test };
}
