import { expect, test } from "vitest";
import { forecastDefaults } from "./forecast.ts";
import { prepareSeries, prepareStockPrices, prepareTimeSeries } from "./prepared-series.ts";
import { namedSeries, type Series } from "./series.ts";

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
