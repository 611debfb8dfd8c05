import { expect, test } from "vitest";
import { MinMaxScaler } from "./min-max-scaler.ts";

// Unless a case is worked by hand, its numbers are scikit-learn 1.9.1's.

test("a constant feature maps to lo, and moves with slope hi − lo", () => {
  const scaler = new MinMaxScaler({ featureRange: [-1, 1] }).fit([[5], [5]]);
  expect(scaler.transform([[5], [7]]).data).toEqual(Float64Array.of(-1, 3));
  expect(scaler.inverseTransform([[-1]]).data).toEqual(Float64Array.of(5));
  expect(scaler.dataRange).toEqual(Float64Array.of(0));
});

test("a range below 10ε of its dtype is constant, one above is not", () => {
  const scaleOf = (x: Float32Array | Float64Array) =>
    new MinMaxScaler().fit({ data: x, shape: [2, 1] }).scale[0];
  expect(scaleOf(Float64Array.of(0, 9 * 2 ** -52))).toBe(1);
  expect(scaleOf(Float64Array.of(0, 11 * 2 ** -52))).toBeCloseTo(2 ** 52 / 11);
  expect(scaleOf(Float32Array.of(0, 9 * 2 ** -23))).toBe(1);
  expect(scaleOf(Float32Array.of(0, 11 * 2 ** -23))).toBeCloseTo(2 ** 23 / 11, 0);
  expect(scaleOf(Float64Array.of(0, 9 * 2 ** -23))).toBeGreaterThan(1e5);
});

test("ends that are no exact floats are rounded to float32 before they are subtracted", () => {
  const scaler = new MinMaxScaler({ featureRange: [0.1, 0.9] });
  const x = { data: Float32Array.of(0, 1.5), shape: [2, 1] };
  expect(scaler.fit(x).scale).toEqual(Float32Array.of(0.5333333015));
  expect(scaler.scale).not.toEqual(Float32Array.of(0.5333333612));
  // A later batch of another dtype brings its own ends, and what was learned is never narrowed.
  expect(scaler.partialFit([[1]]).scale).toEqual(Float64Array.of((0.9 - 0.1) / 1.5));
  const ends = Float32Array.of(0.1, 0.9);
  expect(scaler.partialFit(x).scale).toEqual(Float64Array.of(Math.fround(ends[1] - ends[0]) / 1.5));
  expect(MinMaxScaler.fromJSON(JSON.stringify(scaler)).scale).toEqual(scaler.scale);
});

test("zero-variance toy of scikit-learn's own tests", () => {
  const x = [
    [0, 1, 0.5],
    [0, 1, -0.1],
    [0, 1, 1.1],
  ];
  const scaler = new MinMaxScaler().fit(x);
  expect(scaler.transform(x).data).toBeAllclose([
    [0, 0, 0.5],
    [0, 0, 0],
    [0, 0, 1],
  ]);
  expect(
    scaler.transform([
      [0, 2, 0.5],
      [-1, 1, 0],
      [0, 1, 1.5],
    ]).data,
  ).toBeAllclose(
    [
      [0, 1, 0.5],
      [-1, 0, 0.08333333],
      [0, 0, 1.33333333],
    ],
    { atol: 1e-8 },
  );
  expect(new MinMaxScaler({ featureRange: [1, 2] }).fitTransform(x).data).toBeAllclose([
    [1, 1, 1.5],
    [1, 1, 1],
    [1, 1, 2],
  ]);
});

test("clip holds unseen extremes in the range, keeps NaN, and is not undone", () => {
  const scaler = new MinMaxScaler({ clip: true }).fit([
    [0, 0],
    [10, 1],
  ]);
  expect(
    scaler.transform([
      [-5, 3],
      [Number.NaN, 0.5],
    ]).data,
  ).toEqual(Float64Array.of(0, 1, Number.NaN, 0.5));
  expect(scaler.inverseTransform([[-0.5, 2]]).data).toEqual(Float64Array.of(-5, 2));
});

test("a batch that is all NaN in a column spoils that column, single NaNs do not", () => {
  const { NaN: nan } = Number;
  const first = new MinMaxScaler()
    .partialFit([
      [1, nan],
      [2, nan],
    ])
    .partialFit([
      [1, 3],
      [2, 5],
    ]);
  expect(first.dataMin).toEqual(Float64Array.of(1, nan));
  expect(first.scale).toEqual(Float64Array.of(1, nan));
  expect(first.nSamplesSeen).toBe(4);
  const later = new MinMaxScaler()
    .partialFit([
      [1, 4],
      [2, 8],
    ])
    .partialFit([
      [1, nan],
      [2, nan],
    ]);
  expect(later.dataMax).toEqual(Float64Array.of(2, nan));
  const single = new MinMaxScaler().partialFit([[1], [nan]]).partialFit([[nan], [5]]);
  expect(single.dataMax).toEqual(Float64Array.of(5));
});

test("float32 data scales in float32, and a float64 batch widens what is learned", () => {
  const scaler = new MinMaxScaler().fit([Float32Array.of(1, 2), Float32Array.of(3, 5)]);
  expect(scaler.scale).toEqual(Float32Array.of(1 / 2, 1 / 3));
  expect(scaler.transform([[1.1, 2.2]]).data).toBeInstanceOf(Float64Array);
  expect(scaler.inverseTransform([[0.1, 0.2]]).data[1]).toBeCloseTo(2.59999998, 8);
  scaler.partialFit([[0.1, 9]]);
  expect(scaler.dataMin).toEqual(Float64Array.of(0.1, 2));
  // A scaler learned in float64 still gives float32 for float32.
  const wide = new MinMaxScaler().fit([
    [1, 0.1],
    [3, 0.7],
  ]);
  expect(wide.transform([Float32Array.of(0.1, 0.2)]).data).toEqual(
    Float32Array.of(-0.45, 0.16666667),
  );
});

test("a feature range must rise, within what is finite", () => {
  for (const featureRange of [
    [1, 1],
    [2, 1],
    [0, Number.NaN],
    [0, Infinity],
    [0, 1, 2],
  ]) {
    expect(() => new MinMaxScaler({ featureRange: featureRange as [number, number] })).toThrow(
      "minMaxScaler: expected a featureRange whose minimum is smaller",
    );
  }
});
