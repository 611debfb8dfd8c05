import { expect, test } from "vitest";
import { permutation } from "./permutation.ts";

test("every number once, in an order that the seed decides", () => {
  const order = permutation(1000, 7);
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(1000).keys()]);
  expect(permutation(1000, 7)).toEqual(order);
  expect(permutation(1000, 8)).not.toEqual(order);
});

test("each of three numbers comes first a third of the time", () => {
  const firsts = [0, 0, 0];
  for (let seed = 0; seed < 3000; seed++) firsts[permutation(3, seed)[0] as number]!++;
  for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(120);
});
