import fc from "fast-check";
import { expect, test } from "vitest";
import {
  growthExponent,
  median,
  quantile,
  rootMeanSquare,
  standardDeviation,
} from "./statistics.ts";

test("the median is the middle one, or the mean of the middle two", () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 100])).toBe(3.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test("a quantile lies between its neighbours by proportion", () => {
  // Of 0, 10, ..., 100 the 95th part is half way between 90 and 100.
  const tens = Array.from({ length: 11 }, (_, i) => 10 * i);
  expect(quantile(tens, 0.95)).toBeAllclose(95, { rtol: 1e-12 });
  expect([quantile(tens, 0), quantile(tens, 1)]).toEqual([0, 100]);
});

test("order does not matter, and a quantile lies within its samples", () => {
  const samples = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
  fc.assert(
    fc.property(samples, fc.double({ noNaN: true, min: 0, max: 1 }), (values, q) => {
      const at = quantile(values, q);
      expect(quantile([...values].reverse(), q)).toBe(at);
      expect(at).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
      expect(at).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
    }),
  );
});

test("cost = 3·size² has the exponent 2, cost = 7·size 1", () => {
  expect(growthExponent([64, 3 * 64 ** 2], [256, 3 * 256 ** 2])).toBeAllclose(2, { rtol: 1e-12 });
  expect(growthExponent([50, 350], [5000, 35_000])).toBeAllclose(1, { rtol: 1e-12 });
});

test("the deviation is the RMSE of always saying the mean", () => {
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBe(2);
  expect(standardDeviation([3, 3, 3])).toBe(0);
  expect(standardDeviation([])).toBeNaN();
});

test("errors and deviations of values up to 1e300 are numbers, in proportion", () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(values, fc.constantFrom(1e297, 1e-150, 1e-290), (small, unit) => {
      const large = small.map((value) => value * unit);
      const zeros = small.map(() => 0);
      const near = { rtol: 1e-9 };
      expect(standardDeviation(large) / unit).toBeAllclose(standardDeviation(small), near);
      expect(rootMeanSquare(large, zeros) / unit).toBeAllclose(rootMeanSquare(small, zeros), near);
    }),
  );
  expect(rootMeanSquare([1, 2], [1, 4])).toBe(Math.SQRT2);
});
