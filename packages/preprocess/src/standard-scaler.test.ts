import { expect, test } from "vitest";
import { StandardScaler } from "./standard-scaler.ts";

// Unless a case is worked by hand, its numbers are scikit-learn 1.9.1's.

test("NaN is counted out of each column's own mean and variance", () => {
  // Column 0: 1, 3, 5: mean 3, variance 8/3. Column 1: 2, 6: mean 4, variance 4.
  const scaler = new StandardScaler().fit([
    [1, 2],
    [3, Number.NaN],
    [5, 6],
  ]);
  expect(scaler.mean).toEqual(Float64Array.of(3, 4));
  expect(scaler.var).toBeAllclose([8 / 3, 4]);
  expect(scaler.nSamplesSeen).toEqual(Float64Array.of(3, 2));
  expect(scaler.transform([[3, Number.NaN]]).data).toEqual(Float64Array.of(0, Number.NaN));
});

test("batches with NaN merge to the statistics of the whole", () => {
  const nan = Number.NaN;
  const x = [
    [1e6, nan],
    [1e6 + 1, 2],
    [1e6 - 1, 5],
    [nan, 7],
    [1e6 + 3, 11],
  ];
  const whole = new StandardScaler().fit(x);
  const parts = new StandardScaler().partialFit(x.slice(0, 3)).partialFit(x.slice(3));
  expect(parts.mean).toBeAllclose(whole.mean as Float64Array, { rtol: 1e-15 });
  expect(parts.var).toBeAllclose(whole.var as Float64Array, { rtol: 1e-9 });
  expect(parts.nSamplesSeen).toBe(4);
});

test("the variance keeps its digits far from 0, in one batch and merged from two", () => {
  // The variance of -1, 0, 1 around 1e9 is 2/3; a sum of squares would lose it among 1e18.
  const x = [[1e9 - 1], [1e9], [1e9 + 1]];
  expect(new StandardScaler().fit(x).var).toBeAllclose([2 / 3], { rtol: 1e-15 });
  const merged = new StandardScaler().partialFit(x.slice(0, 1)).partialFit(x.slice(1));
  // As in scikit-learn the merge subtracts sums of 1e9: about 1e-7 is what it can keep.
  expect(merged.var).toBeAllclose([2 / 3], { rtol: 1e-6 });
});

test("a feature within its own rounding error is constant: scale 1", () => {
  const constant = new Array(1000).fill([Math.log(1e-5)]);
  const scaler = new StandardScaler().fit(constant);
  expect(scaler.scale).toEqual(Float64Array.of(1));
  expect(scaler.transform([[Math.log(1e-5)]]).data[0]).toBeCloseTo(0, 12);
  // var ≤ (N·mean·ε)²: at N = 2, mean = 1 a step of 2ε is constant, one of 8ε is not.
  const step = (eps: number) => new StandardScaler().fit([[1], [1 + eps * 2 ** -52]]).scale?.[0];
  expect(step(2)).toBe(1);
  expect(step(8)).toBeLessThan(1e-15);
});

test("a batch that is all NaN in a column spoils it for good, as in scikit-learn", () => {
  const { NaN: nan } = Number;
  const first = new StandardScaler()
    .partialFit([
      [1, nan],
      [2, nan],
    ])
    .partialFit([
      [1, 3],
      [2, 5],
    ]);
  expect(first.mean).toEqual(Float64Array.of(1.5, nan));
  expect(first.var).toEqual(Float64Array.of(0.25, 1));
  expect(first.nSamplesSeen).toEqual(Float64Array.of(4, 2));
  const later = new StandardScaler()
    .partialFit([
      [1, 4],
      [2, 8],
    ])
    .partialFit([
      [1, nan],
      [2, nan],
    ]);
  expect(later.mean).toEqual(Float64Array.of(1.5, 6));
  expect(later.var).toEqual(Float64Array.of(0.25, nan));
  expect(later.scale).toEqual(Float64Array.of(0.5, nan));
});

test("withMean and withStd leave out what they name", () => {
  const x = [
    [1, Number.NaN],
    [2, 3],
  ];
  const neither = new StandardScaler({ withMean: false, withStd: false }).fit(x);
  expect([neither.mean, neither.var, neither.scale]).toEqual([null, null, null]);
  expect(neither.nSamplesSeen).toEqual(Float64Array.of(2, 1));
  expect(neither.transform(x).data).toEqual(Float64Array.of(1, Number.NaN, 2, 3));
  const centred = new StandardScaler({ withStd: false }).fit(x);
  expect([centred.mean, centred.var, centred.scale]).toEqual([Float64Array.of(1.5, 3), null, null]);
  expect(centred.transform([[2, 5]]).data).toEqual(Float64Array.of(0.5, 2));
  for (const scaler of [neither, centred]) {
    const restored = StandardScaler.fromJSON(JSON.stringify(scaler));
    expect(restored.toJSON()).toEqual(scaler.toJSON());
    expect(restored.partialFit(x).nSamplesSeen).toEqual(Float64Array.of(4, 2));
  }
});

test("float32 is scaled by statistics rounded to float32, with a rounding for each operation", () => {
  const scaler = new StandardScaler().fit([
    [1, 0.1],
    [3, 0.7],
  ]);
  const scaled = scaler.transform([Float32Array.of(0.1, 0.2), Float32Array.of(0.3, 0.4)]);
  expect(scaled.data).toEqual(Float32Array.of(-1.9, -0.6666666, -1.7, 0));
  expect(new StandardScaler().fit([Float32Array.of(1), Float32Array.of(2)]).mean).toEqual(
    Float64Array.of(1.5),
  );
});
