import { expect, test } from "vitest";
import { oneHot } from "./one-hot.ts";

test("each index becomes a row with its one", () => {
  expect(oneHot([2, 0], 3)).toEqual({ data: Float32Array.of(0, 0, 1, 1, 0, 0), shape: [2, 3] });
  expect(oneHot([[0], [1]], 2)).toEqual({ data: Float32Array.of(1, 0, 0, 1), shape: [2, 1, 2] });
  expect(oneHot(Int32Array.of(1), 2).data).toEqual(Float32Array.of(0, 1));
});

test("an index outside the depth is a row of zeros, as in Keras", () => {
  expect(oneHot([-1, 3, 1], 3).data).toEqual(Float32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0));
});

test("fractions and a depth below 1 are refused", () => {
  expect(() => oneHot([0.5], 2)).toThrow("oneHot: expected integer indices, got 0.5");
  expect(() => oneHot([Number.NaN], 2)).toThrow("got NaN");
  expect(() => oneHot([0], 0)).toThrow(
    "oneHot: expected depth to be an integer of at least 1, got 0",
  );
});
