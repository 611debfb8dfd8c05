import { expect, test } from "vitest";
import { lastValueForecast, seasonalForecast } from "./baseline.ts";

test("the last-value forecast of position i is the value at i - 1", () => {
  expect([...lastValueForecast([3, 5, 4, 6, 9], 2, 5)]).toEqual([5, 4, 6]);
  expect([...lastValueForecast([3, 5], 1, 1)]).toEqual([]);
});

test("the first value has no last value, and the end is the series' end", () => {
  expect(() => lastValueForecast([1, 2], 0, 2)).toThrow("expected 1 <= start");
  expect(() => lastValueForecast([1, 2], 1, 3)).toThrow("got 1, 3");
});

test("the seasonal forecast of position i is the value a season before it, if there is one", () => {
  expect([...seasonalForecast([1, 2, 3, 4, 5, 6], 4, 6, 3)!]).toEqual([2, 3]);
  expect(seasonalForecast([1, 2, 3, 4], 2, 4, 3)).toBeNull();
});
