import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { RandomState } from "./random-state.ts";

const digest = (order: Int32Array) => createHash("sha256").update(order).digest("hex");

test("numpy.random.RandomState(113): the first words", () => {
  const random = new RandomState(113);
  const words = Array.from({ length: 5 }, () => random.uint32());
  expect(words).toEqual([3659249829, 529109724, 317413538, 548173386, 3843702636]);
});

test("numpy.random.RandomState(113): shuffle(arange(10))", () => {
  expect(Array.from(new RandomState(113).permutation(10))).toEqual([9, 3, 6, 1, 0, 7, 4, 8, 2, 5]);
});

test("one RandomState(113) gives Keras's orders of train and then of test", () => {
  const random = new RandomState(113);
  const train = random.permutation(25_000);
  const test = random.permutation(25_000);
  expect(Array.from(train.subarray(0, 5))).toEqual([7798, 13226, 18078, 793, 17499]);
  expect(Array.from(test.subarray(0, 5))).toEqual([22748, 4083, 8015, 13688, 5310]);
  expect(digest(train)).toMatch(/^0306451e.*003a$/);
  expect(digest(test)).toMatch(/^904be7ce.*079b$/);
});

test("an interval of 0 draws nothing", () => {
  const random = new RandomState(1);
  expect(random.interval(0)).toBe(0);
  expect(random.uint32()).toBe(new RandomState(1).uint32());
});

test("seeds use all 32 bits, and the word 2^32-1 can be an interval", () => {
  const largest = new RandomState(2 ** 32 - 1);
  expect(largest.uint32()).not.toBe(new RandomState(2 ** 31 - 1).uint32());
  expect(largest.interval(2 ** 32 - 1)).toBeGreaterThanOrEqual(0);
});
