import fc from "fast-check";
import { expect, test } from "vitest";
import { meanAbsoluteScaledError, pinballLoss } from "./forecast-metrics.ts";
import { meanAbsoluteError } from "./regression-metrics.ts";
import { seasonalNaive } from "./seasonal-naive.ts";

const yTrue = [
  [0.5, -2],
  [3, 1.25],
  [-1, 4],
  [2, 2],
];
const yPred = [
  [1, -1],
  [2.5, 1.25],
  [-3, 7],
  [2.5, 0],
];
const exact = { rtol: 1e-14, atol: 0 };

// alpha, mean, mean with weights 1, 2, 0.5, 3, and of each column: from scikit-learn 1.9.1.
const pinball: [number, number, number, number[]][] = [
  [0, 0.625, 0.34615384615384615, [0.25, 1]],
  [0.1, 0.61875, 0.3730769230769231, [0.2875, 0.95]],
  [0.5, 0.59375, 0.4807692307692308, [0.4375, 0.75]],
  [0.9, 0.56875, 0.5884615384615385, [0.5875, 0.55]],
  [1, 0.5625, 0.6153846153846154, [0.625, 0.5]],
];

test.each(pinball)("the pinball loss at %f is scikit-learn's", (alpha, mean, weighted, raw) => {
  expect(pinballLoss(yTrue, yPred, { alpha })).toBeAllclose(mean, exact);
  const sampleWeight = [1, 2, 0.5, 3];
  expect(pinballLoss(yTrue, yPred, { alpha, sampleWeight })).toBeAllclose(weighted, exact);
  const perColumn = pinballLoss(yTrue, yPred, { alpha, multioutput: "raw_values" });
  expect(perColumn).toBeAllclose(raw, exact);
});

test("no constant has less pinball loss than the quantile", () => {
  const values = Float64Array.from({ length: 101 }, (_, i) => i ** 2);
  for (const alpha of [0.1, 0.5, 0.9]) {
    const loss = (guess: number) => pinballLoss(values, values.slice().fill(guess), { alpha });
    const best = values[100 * alpha];
    for (const other of values) expect(loss(best)).toBeLessThanOrEqual(loss(other) + 1e-9);
  }
  expect(pinballLoss(yTrue, yPred)).toBeAllclose(meanAbsoluteError(yTrue, yPred) / 2, exact);
});

test("a naive forecast within the training part has a scaled error of 1, in any unit", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 6, maxLength: 20 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(1, 1e-6, 1e9),
      (whole, season, unit) => {
        const series = whole.map((value) => value * unit);
        const [later, before] = [series.slice(season), series.slice(0, -season)];
        fc.pre(later.some((value, t) => value !== before[t]));
        const error = meanAbsoluteScaledError(later, before, series, { season });
        expect(error).toBeAllclose(1, { rtol: 1e-12 });
      },
    ),
  );
});

test("the scale is the mean step of the training part, each column its own", () => {
  // Steps 2, 1, 2: 5/3. Errors 1 and 1.
  expect(meanAbsoluteScaledError([5, 9], [6, 8], [1, 3, 2, 4])).toBeAllclose(0.6, exact);
  const train = [1, 3, 2, 4].map((value) => [value, 10 * value]);
  const errors = meanAbsoluteScaledError([[5, 50]], [[6, 70]], train, {
    multioutput: "raw_values",
  });
  expect(errors).toBeAllclose([0.6, 1.2], exact);
  // A season of 2 in the training part: steps 1, 1, 1.
  expect(meanAbsoluteScaledError([5], [8], [1, 9, 2, 10, 3], { season: 2 })).toBe(3);
});

test("what gives no scale, and an alpha that is no share, are refused", () => {
  const who = "meanAbsoluteScaledError: expected";
  const error = (train: number[] | number[][], season?: number) =>
    expect(() => meanAbsoluteScaledError([1], [2], train, { season }));
  error([3, 3, 3]).toThrow(`${who} yTrain to change from one season (1) to the next`);
  error([1, 2, 1, 2], 2).toThrow("one season (2)");
  error([1, 2], 2).toThrow(
    `${who} season to be an integer of at least 1 and below yTrain's 2 rows, got 2`,
  );
  error([1, 2, 3], 0).toThrow("got 0");
  error([[1, 2]]).toThrow(`${who} yTrain to have 1 columns, got 2`);
  error([1, Number.NaN]).toThrow("yTrain: expected finite numbers, got NaN in row 1");
  for (const alpha of [-0.1, 1.1, Number.NaN, null as unknown as number]) {
    expect(() => pinballLoss([1], [1], { alpha })).toThrow(
      "pinballLoss: expected alpha from 0 to 1",
    );
  }
});

test("a series that repeats itself is forecast by the seasonal naive exactly, as far ahead as asked", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(7),
      (pattern, seasons, horizon, rest) => {
        const season = pattern.length;
        const at = (t: number) => pattern[t % season];
        const points = seasons * season + (rest % season);
        const series = Array.from({ length: points }, (_, t) => at(t));
        const { data, shape } = seasonalNaive(series, horizon, { season });
        expect([...data]).toEqual(Array.from({ length: horizon }, (_, h) => at(points + h)));
        expect(shape).toEqual([horizon]);
      },
    ),
  );
});

test("columns go on side by side, and without a season the last value does", () => {
  const series = Array.from({ length: 5 }, (_, t) => [t, -t]);
  expect(seasonalNaive(series, 3, { season: 2 })).toEqual({
    data: Float64Array.of(3, -3, 4, -4, 3, -3),
    shape: [3, 2],
  });
  expect(seasonalNaive(Float32Array.of(1, 7), 2).data).toEqual(Float64Array.of(7, 7));
  expect(() => seasonalNaive([1, 2], 1, { season: 3 })).toThrow(
    "seasonalNaive: expected at least a season of 3 points, got 2",
  );
  expect(() => seasonalNaive([1, 2], 0)).toThrow("expected horizon to be an integer of at least 1");
  expect(() => seasonalNaive([1], 1, { season: 0.5 })).toThrow("expected season to be an integer");
  expect(() => seasonalNaive([[[1]]], 1)).toThrow("expected a series [T] or [T, F]");
});
