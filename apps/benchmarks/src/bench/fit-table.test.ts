import { expect, test } from "vitest";
import { fitLine, fitRows } from "./fit-table.ts";

const fit = (ours: number[], theirs: number[]) => [
  { system: "ours", epochs: ours, endMs: 1, lossError: 0 },
  { system: "theirs", epochs: theirs, endMs: 2, lossError: 2e-7 },
];

test("first is the first epoch, steady the second half's median, whole all of them and the end", () => {
  const [ours, theirs] = fitRows("a", [fit([100, 50, 10, 20], [900, 5, 5, 5])]);
  expect(ours).toEqual({
    ...{ model: "a", system: "ours", fits: 1, epochs: 4 },
    ...{ firstMs: 100, steadyMs: 15, wholeMs: 181, lossError: null, ratio: null },
  });
  expect(theirs).toMatchObject({ firstMs: 900, steadyMs: 5, wholeMs: 917, lossError: 2e-7 });
  expect(theirs!.ratio!.first.median).toBeCloseTo(1 / 9, 12);
  expect(theirs!.ratio!.steady).toMatchObject({ median: 3, low: 2.2, high: 3.8 });
  expect(theirs!.ratio!.whole.median).toBeCloseTo(181 / 917, 12);
});

test("of an odd number of epochs the middle one is steady, of two the last", () => {
  const steady = (epochs: number[]) => fitRows("a", [fit(epochs, epochs)])[0]!.steadyMs;
  expect([steady([9, 1, 2]), steady([9, 1])]).toEqual([1.5, 1]);
});

test("several fits are medians, and their epochs are paired within a fit", () => {
  const [ours, theirs] = fitRows("a", [
    fit([10, 2], [20, 1]),
    fit([30, 6], [60, 3]),
    fit([20, 8], [40, 4]),
  ]);
  expect([ours!.fits, ours!.firstMs, ours!.steadyMs]).toEqual([3, 20, 6]);
  expect(theirs!.ratio!.steady).toEqual({ median: 2, low: 2, high: 2, least: 2 });
  expect(theirs!.ratio!.first).toEqual({ median: 0.5, low: 0.5, high: 0.5, least: 0.5 });
});

test("a range is said where turns differ", () => {
  const [ours, theirs] = fitRows("a", [fit([100, 50, 10, 20], [900, 5, 5, 5])]);
  expect(fitLine(theirs!)).toMatch(
    /^ {2}a +theirs +900 +5\.00 +917 +0\.11 +3\.00 \(2\.20-3\.80\) 2\.00 +0\.20 +2e-7$/,
  );
  expect(fitLine(ours!)).toMatch(/^ {2}a +ours +100 +15\.0 +181$/);
});
