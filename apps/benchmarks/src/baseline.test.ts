import { expect, test } from "vitest";
import { lastValueForecast } from "./baseline.ts";

test("the last-value forecast of position i is the value at i - 1", () => {
  expect([...lastValueForecast([3, 5, 4, 6, 9], 2, 5)]).toEqual([5, 4, 6]);
  expect([...lastValueForecast([3, 5], 1, 1)]).toEqual([]);
});

test("the first value has no last value, and the end is the series' end", () => {
  expect(() => lastValueForecast([1, 2], 0, 2)).toThrow("expected 1 <= start");
  expect(() => lastValueForecast([1, 2], 1, 3)).toThrow("got 1, 3");
});
