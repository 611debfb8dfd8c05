import { expect, test } from "vitest";
import { differenceOf, firstStepRow } from "./start-bench.ts";

test("a difference is taken round by round, so that a slow round is one for both", () => {
  const layers = [100, 900, 110];
  const ours = [130, 935, 140];
  expect(differenceOf(ours, layers)).toEqual({ median: 30, low: 30, high: 34 });
});

test("a round that was stopped before the other one ran is left out", () => {
  expect(differenceOf([1, 2, 3], [0, 0]).median).toBe(1.5);
});

test("the first step stands beside the warm ones, those after ten, of its own process", () => {
  const steps = (first: number, warm: number) => [
    first,
    ...Array(9).fill(50),
    ...Array(20).fill(warm),
  ];
  const row = firstStepRow("lstm", [
    { importMs: 300, buildMs: 20, stepMs: steps(60, 10) },
    { importMs: 310, buildMs: 22, stepMs: steps(150, 90) },
    { importMs: 320, buildMs: 24, stepMs: steps(80, 20) },
  ]);
  expect(row).toMatchObject({ model: "lstm", rounds: 3, firstMs: 80, secondMs: 50, warmMs: 20 });
  expect(row.aboveWarm.median).toBe(60);
});
