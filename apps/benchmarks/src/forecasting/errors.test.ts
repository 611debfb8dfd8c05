import { seasonalNaive } from "@rnnkit/preprocess";
import fc from "fast-check";
import { expect, test } from "vitest";
import { byStep, horizonErrors, judgedSteps, naiveScale } from "./errors.ts";

/** Forecasts that say 0 of everything. */
const zeros = (count: number, horizon: number) => ({
  horizon,
  point: new Float64Array(count * horizon),
  lower: null,
  upper: null,
});

test("a series that repeats itself is forecast by the seasonal baseline exactly, at every step", () => {
  const pattern = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 7 });
  fc.assert(
    fc.property(pattern, fc.integer({ min: 1, max: 20 }), (values, horizon) => {
      fc.pre(new Set(values).size > 1);
      const season = values.length;
      const series = Float64Array.from({ length: 60 }, (_, t) => values[t % season]!);
      const stretch = { values: series, firstTarget: 30, end: 60, season, scale: 1 };
      const { steps, all } = horizonErrors([byStep(zeros(30, horizon), stretch)]);
      expect(steps.map(({ count }) => count)).toEqual(
        Array.from({ length: horizon }, (_, h) => 30 - h),
      );
      for (const { seasonal } of [...steps, all])
        expect(seasonal).toEqual({ mae: 0, rmse: 0, mase: 0 });
      expect(all.model.mae).toBeGreaterThan(0);
    }),
  );
});

test("each origin's baselines are the naive forecasts of what was known there", () => {
  const values = Float64Array.from({ length: 40 }, (_, t) => (t * t * 7) % 31);
  const [horizon, season, firstTarget] = [9, 4, 20];
  const steps = byStep(zeros(20, horizon), { values, firstTarget, end: 40, season, scale: 1 });
  for (const origin of [20, 25, 31]) {
    const known = values.subarray(0, origin);
    const [last, seasonal] = [1, season].map((n) => seasonalNaive(known, horizon, { season: n }));
    const row = origin - firstTarget;
    expect(steps.map((step) => step.lastValue[row])).toEqual([...last!.data]);
    expect(steps.map((step) => step.seasonal![row])).toEqual([...seasonal!.data]);
    expect(steps.map((step) => step.actual[row])).toEqual([
      ...values.subarray(origin, origin + horizon),
    ]);
  }
});

test("the last value's scaled error over the training part itself is 1, and a flat one has no scale", () => {
  const values = Float64Array.of(3, 5, 4, 8, 8, 1);
  const stretch = { values, firstTarget: 1, end: 6, season: null, scale: naiveScale(values) };
  const { all } = horizonErrors([byStep(zeros(5, 1), stretch)]);
  expect(all.lastValue.mase).toBeAllclose(1, { rtol: 1e-15 });
  expect([all.seasonal, all.coverage, all.width]).toEqual([null, null, null]);
  expect(naiveScale(Float64Array.of(2, 2, 2))).toBeNull();
  const flat = horizonErrors([byStep(zeros(5, 1), { ...stretch, scale: null })]);
  expect(flat.all.model.mase).toBeNull();
});

test("folds together weigh every value alike and scale each fold by its own training part", () => {
  const values = Float64Array.of(0, 1, 2, 3, 10, 20);
  const fold = (firstTarget: number, end: number, scale: number) =>
    byStep(zeros(end - firstTarget, 1), { values, firstTarget, end, season: null, scale });
  const { all } = horizonErrors([fold(1, 4, 1), fold(4, 6, 10)]);
  expect(all.count).toBe(5);
  expect(all.model.mae).toBeAllclose((1 + 2 + 3 + 10 + 20) / 5);
  expect(all.model.mase).toBeAllclose((1 + 2 + 3 + 1 + 2) / 5);
});

test("of a far horizon only the steps are judged that lie in the stretch, and of a long stretch fewer", () => {
  expect(judgedSteps(5, 62, null)).toBe(5);
  expect(judgedSteps(1000, 62, null)).toBe(62);
  expect(judgedSteps(1000, 2000, null)).toBe(125);
  expect(judgedSteps(1000, 500, 100)).toBe(20);
  expect(judgedSteps(1000, 1e6, 100)).toBe(1);
});

test("coverage counts values on the ends as within, and width is the mean", () => {
  const values = Float64Array.of(0, 1, 2, 3, 4);
  const said = {
    ...zeros(4, 1),
    lower: Float64Array.of(1, 0, 5, 3),
    upper: Float64Array.of(1, 1, 7, 4),
  };
  const stretch = { values, firstTarget: 1, end: 5, season: null, scale: 1 };
  const { all } = horizonErrors([byStep(said, stretch)]);
  expect([all.coverage, all.width]).toEqual([0.5, 1]);
});
