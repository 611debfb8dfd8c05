import { expect, test } from "vitest";
import type { BenchResults } from "./bench-results.ts";
import { compareRounds, compareSizes, orderOf, timesOf } from "./checkouts.ts";

const resultsOf = (command: string, rows: object[], others: object = {}): BenchResults =>
  ({ schemaVersion: 1, command, status: "complete", rows, ...others }) as BenchResults;

const kernel = (pass: string, threads: number, medianMs: number) => ({
  ...{ op: "lstm", shapeName: "imdb", shape: { B: 32, T: 500, I: 32, H: 32, dx: true } },
  ...{ pass, threads, medianMs },
});

const times = (entries: Record<string, number>) => new Map(Object.entries(entries));

test("a kernel is named by operation, shape, pass and threads", () => {
  const rows = [kernel("forward", 1, 3), kernel("forward", 2, 2), kernel("train", 2, 9)];
  expect([...timesOf(resultsOf("bench kernels", rows))]).toEqual([
    ["lstm 32×500×32×32 forward, 1 thread", 3],
    ["lstm 32×500×32×32 forward, 2 threads", 2],
    ["lstm 32×500×32×32 train, 2 threads", 9],
  ]);
});

test("a model is trained, asked and fitted, fused; stock's times are not compared", () => {
  const side = (by: number) => ({ trainMs: by, predictMs: 2 * by, fitMs: 3 * by });
  const rows = [
    { model: "a", fused: side(1), stock: side(50) },
    { model: "b", fused: { ...side(7), fitMs: null }, stock: null },
    { model: "c", fused: null, stock: side(1) },
  ];
  expect(Object.fromEntries(timesOf(resultsOf("bench step", rows)))).toEqual({
    ...{ "a train": 1, "a predict": 2, "a fit": 3 },
    ...{ "b train": 7, "b predict": 14 },
  });
});

test("what was not finished, is of another form or command, or names two rows alike, is refused", () => {
  const row = kernel("train", 1, 1);
  expect(() => timesOf(resultsOf("bench kernels", [row, row]))).toThrow(
    "bench kernels: expected one row lstm 32×500×32×32 train, 1 thread, got two",
  );
  expect(() => timesOf(resultsOf("bench stream", []))).toThrow(
    "expected results of bench kernels or bench step, got those of bench stream",
  );
  for (const others of [{ status: "interrupted" }, { schemaVersion: 2 }]) {
    expect(() => timesOf(resultsOf("bench kernels", [row], others))).toThrow(
      /expected complete results of form 1, got/,
    );
  }
});

test("medians of the rounds are compared, and each round's own ratio", () => {
  const [row] = compareRounds([
    { old: times({ a: 10 }), new: times({ a: 11 }) },
    { old: times({ a: 20 }), new: times({ a: 20 }) },
    { old: times({ a: 12 }), new: times({ a: 18 }) },
  ]);
  expect(row).toEqual({ name: "a", oldMs: 12, newMs: 18, ratio: 1.5, roundRatio: 1.1 });
});

test("rows are paired by name, in whatever order a checkout has them", () => {
  const rows = compareRounds([{ old: times({ a: 1, b: 2 }), new: times({ b: 6, a: 2 }) }]);
  expect(rows.map(({ name, ratio }) => [name, ratio])).toEqual([
    ["a", 2],
    ["b", 3],
  ]);
});

test("a measurement that a side lacks is named, and whose it is", () => {
  const both = times({ a: 1, b: 2 });
  const one = times({ a: 1 });
  expect(() => compareRounds([{ old: both, new: one }])).toThrow(
    "expected b from the new checkout, got none",
  );
  expect(() => compareRounds([{ old: one, new: both }])).toThrow(
    "expected b from the old checkout, got none",
  );
  expect(() =>
    compareRounds([
      { old: both, new: both },
      { old: one, new: both },
    ]),
  ).toThrow("expected b from the old checkout, got none");
});

test("each checkout goes first in turn", () => {
  expect([0, 1, 2, 3].map((round) => orderOf(round).join(" "))).toEqual([
    ...["old new", "new old"],
    ...["old new", "new old"],
  ]);
});

test("bundles are paired by name and turn; one that a side lacks has no size there", () => {
  const bundle = (name: string, size: number) => ({ name, size });
  expect(
    compareSizes(
      [bundle("load", 10), bundle("load", 20), bundle("gone", 5)],
      [bundle("load", 11), bundle("added", 3), bundle("load", 22)],
    ),
  ).toEqual([
    { name: "load", oldBytes: 10, newBytes: 11 },
    { name: "load #2", oldBytes: 20, newBytes: 22 },
    { name: "gone", oldBytes: 5, newBytes: null },
    { name: "added", oldBytes: null, newBytes: 3 },
  ]);
});
