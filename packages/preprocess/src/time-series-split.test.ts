import fc from "fast-check";
import { expect, test } from "vitest";
import { type TimeSeriesSplitOptions, timeSeriesSplit } from "./time-series-split.ts";

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

// n, options, and of each fold where training and test part begin and end: from scikit-learn 1.9.1.
const golden: [number, TimeSeriesSplitOptions, number[][]][] = [
  [6, {}, range(1, 6).map((k) => [0, k, k, k + 1])],
  [12, { nSplits: 3, testSize: 2 }, [6, 8, 10].map((k) => [0, k, k, k + 2])],
  [12, { nSplits: 3, testSize: 2, gap: 2 }, [6, 8, 10].map((k) => [0, k - 2, k, k + 2])],
  [23, { nSplits: 4, maxTrainSize: 7 }, [7, 11, 15, 19].map((k) => [k - 7, k, k, k + 4])],
  [23, { nSplits: 4, gap: 3 }, [7, 11, 15, 19].map((k) => [0, k - 3, k, k + 4])],
  [
    30,
    { nSplits: 2, testSize: 4, gap: 1, maxTrainSize: 50 },
    [22, 26].map((k) => [0, k - 1, k, k + 4]),
  ],
];

test.each(golden)("the folds of %i rows with %j are scikit-learn's", (n, options, folds) => {
  const want = folds.map(([from, end, start, stop]) => [range(from, end), range(start, stop)]);
  expect(timeSeriesSplit(range(0, n), options)).toEqual(want);
});

test("no fold trains on a row of its test part or after it, and the test parts follow each other", () => {
  const options = fc.record(
    {
      nSplits: fc.integer({ min: 2, max: 6 }),
      gap: fc.nat(4),
      testSize: fc.integer({ min: 1, max: 5 }),
      maxTrainSize: fc.integer({ min: 1, max: 30 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.integer({ min: 45, max: 80 }), options, (n, chosen) => {
      const { gap = 0, maxTrainSize = n } = chosen;
      const rows = Int32Array.from(range(0, n));
      const folds = timeSeriesSplit(rows, { data: Float64Array.from(rows), shape: [n, 1] }, chosen);
      expect(folds.length).toBe(chosen.nSplits ?? 5);
      let next = folds[0][1][0];
      for (const [train, later, trainRows, laterRows] of folds) {
        expect(later[0]).toBe(next);
        next += later.length;
        expect(train.at(-1)).toBe(later[0] - gap - 1);
        expect(train.length).toBe(Math.min(maxTrainSize, later[0] - gap));
        expect([...trainRows.data, ...laterRows.data]).toEqual([...train, ...later]);
        expect(laterRows.shape).toEqual([later.length, 1]);
        expect(train.buffer).toBe(rows.buffer);
      }
      expect(next).toBe(n);
    }),
  );
});

test("too few rows and options out of range are refused", () => {
  const refuses = (n: number, options: object, message: string) =>
    expect(() => timeSeriesSplit(range(0, n), options)).toThrow(`timeSeriesSplit: ${message}`);
  refuses(5, {}, "expected at least 6 rows for 5 test parts of 1, got 5");
  refuses(6, { nSplits: 3, testSize: 2 }, "expected at least 7 rows for 3 test parts of 2, got 6");
  refuses(
    7,
    { nSplits: 3, testSize: 2, gap: 1 },
    "expected at least 8 rows for 3 test parts of 2 and a gap of 1, got 7",
  );
  refuses(9, { nSplits: 1 }, "expected nSplits to be an integer of at least 2, got 1");
  refuses(9, { nSplits: 2.5 }, "expected nSplits to be an integer");
  refuses(9, { gap: -1 }, "expected gap to be an integer of at least 0, got -1");
  refuses(9, { testSize: 0 }, "expected testSize to be an integer of at least 1, got 0");
  refuses(9, { maxTrainSize: 0 }, "expected maxTrainSize to be an integer of at least 1, got 0");
  expect(() => timeSeriesSplit(range(0, 9), range(0, 8))).toThrow("same length, got 9, 8");
  expect(() => timeSeriesSplit({ nSplits: 2 } as never)).toThrow("at least one array, got none");
});
