import { expect, test } from "vitest";
import { forecastDefaults } from "./forecast.ts";
import type { Series } from "./one-series.ts";
import { prepareSeries, prepareStockPrices, prepareTimeSeries } from "./prepared-series.ts";
import { namedSeries } from "./series.ts";

function seriesOf(...values: number[]): Series {
  return { ...namedSeries("sine", 1), values: Float64Array.from(values) };
}

// Eight of ten points train, the last two test.
const climb = [0, 2, 4, 6, 8, 10, 12, 14, 99, 50];

test("scaler and windows: the future stays out of the training part", () => {
  const { scaler, train, test } = prepareSeries(seriesOf(...climb), 3);
  // 0 … 14: the 99 of the test part does not stretch the scale.
  expect([scaler.dataMin[0], scaler.dataMax[0]]).toEqual([0, 14]);
  expect([train.x.shape, train.y.shape]).toEqual([
    [5, 3, 1],
    [5, 1],
  ]);
  expect([test.x.shape, test.y.shape]).toEqual([
    [2, 3, 1],
    [2, 1],
  ]);
  expect([train.firstTarget, test.firstTarget]).toEqual([3, 8]);
  const scaled = (values: number[]) => values.map((value) => value / 14);
  expect(train.x.data.slice(0, 3)).toBeAllclose(scaled([0, 2, 4]));
  expect([...train.y.data, ...test.y.data]).toBeAllclose(scaled([6, 8, 10, 12, 14, 99, 50]));
});

test("windows have the features' past beside the series' own, each column in its own scale", () => {
  const feature = { name: "f", values: Float64Array.from(climb, (_, t) => 100 + t) };
  const series = { ...seriesOf(...climb), features: [feature] };
  const { scaler, train, fit } = prepareSeries(series, 3);
  expect([fit, [...scaler.dataMin], [...scaler.dataMax]]).toEqual([undefined, [0, 100], [14, 107]]);
  expect([train.x.shape, train.y.shape]).toEqual([
    [5, 3, 2],
    [5, 1],
  ]);
  // The first window's target is point 3: its feature of that step, 103, is not in it.
  const [a, b] = [(x: number) => x / 14, (x: number) => (x - 100) / 7];
  expect(train.x.data.slice(0, 6)).toBeAllclose([0, b(100), a(2), b(101), a(4), b(102)]);
  expect(train.y.data[0]).toBeAllclose(a(6));
  const together = prepareSeries(series, 3, 1, { allColumns: true });
  expect(together.fit?.y.shape).toEqual([5, 2]);
  expect(together.fit?.y.data.slice(0, 2)).toBeAllclose([a(6), b(103)]);
  const direct = prepareSeries(series, 3, 2);
  expect(direct.fit?.y.data.slice(0, 2)).toBeAllclose([a(6), a(8)]);
  const far = { ...series, features: [{ name: "f", values: feature.values.with(9, 1e30) }] };
  expect(() => prepareSeries(far, 3)).toThrow("expected values of f within 1000000000000000000");
});

test("a series too short for its window is refused, with the length it would take", () => {
  const { timesteps } = forecastDefaults;
  expect(() => prepareSeries(seriesOf(...new Array(27).fill(0)), timesteps)).toThrow(
    "expected at least 29 points for --timesteps 22, got 27",
  );
  const enough = prepareSeries(seriesOf(...new Array(29).fill(0)), timesteps);
  expect(enough.train.x.shape).toEqual([1, 22, 1]);
});

test("the short listing's scaler knows all points, and 80 % of the windows train", () => {
  const { scaler, train, test } = prepareStockPrices(seriesOf(...climb), 4);
  expect([scaler.dataMin[0], scaler.dataMax[0]]).toEqual([0, 99]);
  // Six windows: four (of 4.8) and two.
  expect([train.x.shape, test.x.shape]).toEqual([
    [4, 4, 1],
    [2, 4, 1],
  ]);
  expect([train.firstTarget, test.firstTarget]).toEqual([4, 8]);
  expect([...test.x.data, ...test.y.data]).toBeAllclose(
    [8, 10, 12, 14, 10, 12, 14, 99, 99, 50].map((value) => value / 99),
  );
});

test("the full listing cuts each part into windows by itself: none looks across the border", () => {
  const { scaler, train, test } = prepareTimeSeries(seriesOf(...climb, 1, 2, 3, 4, 5), 2);
  expect([scaler.dataMin[0], scaler.dataMax[0]]).toEqual([0, 99]);
  // Twelve of fifteen points: ten windows; of three points, one.
  expect([train.x.shape, train.y.shape, test.x.shape]).toEqual([
    [10, 2, 1],
    [10, 1],
    [1, 2, 1],
  ]);
  expect([train.firstTarget, test.firstTarget]).toEqual([2, 14]);
  expect([...test.x.data, ...test.y.data]).toBeAllclose([3, 4, 5].map((value) => value / 99));
});
