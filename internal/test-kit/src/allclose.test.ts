import { expect, test } from "vitest";

test("nested and flat numbers compare element by element", () => {
  expect([[1, 2], [3]]).toBeAllclose(new Float32Array([1, 2, 3]));
  expect(() => expect([1, 2.1]).toBeAllclose([1, 2])).toThrow(/worst element 1 of 2/);
});

test("NaN equals only NaN, infinity only the same infinity", () => {
  expect([Number.NaN, Infinity]).toBeAllclose([Number.NaN, Infinity]);
  expect([Number.NaN]).not.toBeAllclose([0]);
  expect([Infinity]).not.toBeAllclose([-Infinity]);
  expect([0]).not.toBeAllclose([Number.NaN]);
});

test("lengths must agree", () => {
  expect(() => expect([1]).toBeAllclose([1, 2])).toThrow("expected 2 numbers, got 1");
});

test("ofLargest measures every error against the largest element", () => {
  expect([1000, 0.001]).toBeAllclose([1000, 0], { rtol: 0, ofLargest: 1e-5 });
  expect([1000, 0.02]).not.toBeAllclose([1000, 0], { rtol: 0, ofLargest: 1e-5 });
});
