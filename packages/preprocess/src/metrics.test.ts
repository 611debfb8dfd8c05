import { loadPreprocess } from "@rnnkit/fixtures";
import { expect, test } from "vitest";
import {
  binaryAccuracy,
  binaryCrossentropy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
} from "./classification-metrics.ts";
import type { ArrayInput } from "./nd-array.ts";
import { meanAbsoluteError, meanSquaredError, rootMeanSquaredError } from "./regression-metrics.ts";

type Rows = number[] | number[][];

interface GoldenMetrics {
  regression_metrics: ({ y_true: Rows; y_pred: Rows; sample_weight: number[] } & Record<
    string,
    number
  >)[];
  keras_losses: {
    loss: string;
    config: { reduction: string; from_logits?: boolean };
    y_true: Rows;
    y_pred: Rows;
    value: number;
  }[];
  accuracies: { metric: string; y_true: Rows; y_pred: Rows; values: Rows; mean: number }[];
}

const golden = loadPreprocess("losses_metrics") as GoldenMetrics;
const exact = { rtol: 1e-14, atol: 0 };
const float32 = { rtol: 1e-6, atol: 0 };

for (const [
  i,
  { y_true, y_pred, sample_weight: sampleWeight, ...want },
] of golden.regression_metrics.entries()) {
  test(`regression metrics ${i} are scikit-learn's, weighted and per output`, () => {
    const raw = { multioutput: "raw_values" } as const;
    const mse = meanSquaredError(y_true, y_pred);
    const perOutput = meanSquaredError(y_true, y_pred, raw);
    expect(mse).toBeAllclose(want.sklearn_mse, exact);
    expect(rootMeanSquaredError(y_true, y_pred)).toBeAllclose(want.sklearn_rmse, exact);
    expect(meanAbsoluteError(y_true, y_pred)).toBeAllclose(want.sklearn_mae, exact);
    expect(meanSquaredError(y_true, y_pred, { sampleWeight })).toBeAllclose(
      want.sklearn_mse_weighted,
      exact,
    );
    expect(rootMeanSquaredError(y_true, y_pred, { sampleWeight })).toBeAllclose(
      want.sklearn_rmse_weighted,
      exact,
    );
    expect(perOutput).toBeAllclose(want.sklearn_mse_raw, exact);
    expect(rootMeanSquaredError(y_true, y_pred, raw)).toBeAllclose(
      [...perOutput].map(Math.sqrt),
      exact,
    );
    expect(Math.sqrt(mse)).toBeAllclose(want.sqrt_of_mse, exact);
    expect(Math.sqrt(mse)).toBeAllclose(want.keras_rmse_float32, float32);
    // Keras's own function keeps the rows of a matrix.
    const perRow = [want.keras_mse_fn_per_row].flat();
    const rows =
      perRow.length === 1
        ? [mse]
        : y_true.map((y, r) => meanSquaredError([y].flat(), [y_pred[r]].flat()));
    expect(rows).toBeAllclose(perRow, float32);
  });
}

test("the RMSE of several outputs is the mean of their roots, not the root of the mean", () => {
  // Column errors 3, 3 and 4, 4: roots 3 and 4, mean 3.5; the root of (9 + 16)/2 is 3.54.
  expect(
    rootMeanSquaredError(
      [
        [0, 0],
        [0, 0],
      ],
      [
        [3, 4],
        [3, 4],
      ],
    ),
  ).toBe(3.5);
});

// Losses that are no metric of this package: trained with by tfjs, tested in keras-builders.
const elsewhere = ["SparseCategoricalCrossentropy", "CategoricalCrossentropy", "Huber", "LogCosh"];
const losses: Record<
  string,
  (t: ArrayInput, p: ArrayInput, o: { fromLogits?: boolean }) => number
> = {
  BinaryCrossentropy: binaryCrossentropy,
  MeanSquaredError: (t, p) => meanSquaredError(t, p),
  MeanAbsoluteError: (t, p) => meanAbsoluteError(t, p),
};

test("every golden loss is tested here or named as another package's", () => {
  const found = [...new Set(golden.keras_losses.map(({ loss }) => loss))].sort();
  expect(found).toEqual([...Object.keys(losses), ...elsewhere].sort());
});

for (const [i, { loss, config, y_true, y_pred, value }] of golden.keras_losses.entries()) {
  if (elsewhere.includes(loss)) continue;
  test(`Keras loss ${i}: ${loss} ${config.reduction}${config.from_logits ? " from logits" : ""}`, () => {
    const mean = losses[loss](y_true, y_pred, { fromLogits: config.from_logits });
    // Reduction sum adds the rows' means, which the mean over all divides by their number.
    expect(config.reduction === "sum" ? mean * y_true.length : mean).toBeAllclose(value, float32);
  });
}

const accuracies: Record<string, (yTrue: ArrayInput, yPred: ArrayInput) => number> = {
  binary_accuracy: binaryAccuracy,
  categorical_accuracy: categoricalAccuracy,
  sparse_categorical_accuracy: sparseCategoricalAccuracy,
};

for (const [i, { metric, y_true, y_pred, values, mean }] of golden.accuracies.entries()) {
  test(`Keras ${metric} ${i}`, () => {
    const accuracy = accuracies[metric];
    expect(accuracy(y_true, y_pred)).toBeAllclose(mean, float32);
    const rows = y_true.map((y, r) => accuracy([y] as Rows, [y_pred[r]] as Rows));
    expect(rows).toEqual(values.flat());
  });
}

test("thresholds, and predictions at the very ends", () => {
  expect(binaryAccuracy([1, 0], [0.4, 0.3], { threshold: 0.35 })).toBe(1);
  expect(binaryCrossentropy([1], [0])).toBeCloseTo(-Math.log(1e-7), 10);
  expect(binaryCrossentropy([0], [1])).toBeCloseTo(-Math.log(1e-7), 8);
  expect(binaryCrossentropy([0, 1], [800, -800], { fromLogits: true })).toBe(800);
});

test("metrics refuse what they cannot compare", () => {
  for (const metric of [meanSquaredError, rootMeanSquaredError, meanAbsoluteError]) {
    const { name } = metric;
    expect(metric([1, 2], [[1], [2]])).toBe(0);
    expect(() => metric([1, 2], [1])).toThrow(`${name}: expected predictions [2, 1], got [1, 1]`);
    expect(() => metric([[1, 2]], [[1], [2]])).toThrow("expected predictions [1, 2], got [2, 1]");
    expect(() => metric([1, Number.NaN], [1, 2])).toThrow(
      "expected finite numbers, got NaN in row 1",
    );
    expect(() => metric([1, 2], [1, Infinity])).toThrow("got Infinity in row 1");
    expect(() => metric([], [])).toThrow("at least one row");
    expect(() => metric([[[1]]], [[[1]]])).toThrow("expected [N] or [N, M]");
    expect(() => metric([1, 2], [1, 2], { sampleWeight: [1] })).toThrow(
      "expected 2 weights, got [1, 1]",
    );
    expect(() => metric([1, 2], [1, 2], { sampleWeight: [0, 0] })).toThrow(
      "weights that do not sum to 0",
    );
    expect(() => metric([1], [1], { multioutput: "sum" } as never)).toThrow('got "sum"');
  }
  expect(() => binaryAccuracy([1, 0], [[1], [0]])).toThrow(
    "labels' shape [2], not empty, got [2, 1]",
  );
  expect(() => categoricalAccuracy([1], [1])).toThrow("expected predictions [N, K]");
  expect(() =>
    sparseCategoricalAccuracy(
      [1],
      [
        [0, 1],
        [1, 0],
      ],
    ),
  ).toThrow("expected 2 labels, got 1");
});
