import fc from "fast-check";
import { expect, test } from "vitest";
import { MinMaxScaler } from "./min-max-scaler.ts";
import { generateTimeSeries } from "./time-series.ts";
import { trainTestSplit } from "./train-test-split.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test("the past trains and the future tests, with scikit-learn's rounding", () => {
  const sizes = (options: object) => trainTestSplit(range(10), options).map((part) => part.length);
  expect(trainTestSplit(range(5), { testSize: 0.4 })).toEqual([
    [0, 1, 2],
    [3, 4],
  ]);
  expect(sizes({})).toEqual([7, 3]);
  expect(sizes({ testSize: 0.33 })).toEqual([6, 4]);
  expect(sizes({ trainSize: 0.33 })).toEqual([3, 7]);
  expect(sizes({ testSize: 2 })).toEqual([8, 2]);
  expect(trainTestSplit(range(10), { trainSize: 0.5, testSize: 0.2 })).toEqual([range(5), [5, 6]]);
});

test("the parts are a partition of the rows, each array in step with the others", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      fc.boolean(),
      fc.nat(1000),
      (n, testSize, shuffle, seed) => {
        fc.pre(Math.ceil(testSize * n) < n);
        const ids = range(n);
        const squares = Float32Array.from(ids, (i) => i * i);
        const pairs = { data: Int32Array.from(ids.flatMap((i) => [i, -i])), shape: [n, 2] };
        const options = { testSize, shuffle, seed };
        const [a, b, c, d, e, f] = trainTestSplit(ids, squares, pairs, options);
        expect(b.length).toBe(Math.ceil(testSize * n));
        expect([...a, ...b].sort((x, y) => x - y)).toEqual(ids);
        if (!shuffle) expect([...a, ...b]).toEqual(ids);
        for (const [rows, square, pair] of [
          [a, c, e],
          [b, d, f],
        ] as const) {
          expect([...square]).toEqual(rows.map((i) => i * i));
          expect(pair.shape).toEqual([rows.length, 2]);
          expect([...pair.data].map((x) => x + 0)).toEqual(rows.flatMap((i) => [i, 0 - i]));
        }
        expect(trainTestSplit(ids, options)).toEqual([a, b]);
      },
    ),
  );
});

test("another seed draws other rows, every row as often as the others", () => {
  const test5 = (seed: number) =>
    trainTestSplit(range(20), { testSize: 5, shuffle: true, seed })[1];
  expect(test5(1)).toEqual(test5(1));
  expect(test5(1)).not.toEqual(test5(2));
  const drawn = new Array(20).fill(0);
  for (let seed = 0; seed < 4000; seed++) for (const row of test5(seed)) drawn[row]++;
  // 4000 draws of 5 out of 20: 1000 each, standard deviation √(4000·¼·¾) ≈ 27.
  for (const count of drawn) expect(Math.abs(count - 1000)).toBeLessThan(140);
});

test("chronological parts of a typed array are views, shuffled ones are copies", () => {
  const data = Float32Array.of(1, 2, 3, 4);
  const [train, rest] = trainTestSplit({ data, shape: [2, 2] }, { testSize: 1 });
  expect(train.data.buffer).toBe(data.buffer);
  expect(rest.data).toEqual(Float32Array.of(3, 4));
  const [shuffled] = trainTestSplit({ data, shape: [2, 2] }, { testSize: 1, shuffle: true });
  expect(shuffled.data.buffer).not.toBe(data.buffer);
});

test("a scaler fitted on the training part alone knows nothing of the test part", () => {
  // A rising series: the test part holds every large value.
  const series = generateTimeSeries({ length: 200, noise: 0.05, seed: 3 });
  for (let t = 0; t < 200; t++) series.data[t] += t / 20;
  const changed = { data: series.data.slice(), shape: series.shape };
  for (let t = 150; t < 200; t++) changed.data[t] *= 10;

  const scaledTrain = (whole: typeof series, fitOnAll: boolean) => {
    const [train] = trainTestSplit(whole, { testSize: 50 });
    return new MinMaxScaler().fit(fitOnAll ? whole : train).transform(train).data;
  };
  // Another future leaves the training inputs as they are, and with a leaking scaler changes them all.
  expect(scaledTrain(changed, false)).toEqual(scaledTrain(series, false));
  expect(scaledTrain(changed, true)).not.toEqual(scaledTrain(series, true));
  const [train, future] = trainTestSplit(series, { testSize: 50 });
  const scaler = new MinMaxScaler().fit(train);
  expect(Math.max(...scaler.transform(train).data)).toBeCloseTo(1, 6);
  expect(Math.max(...scaler.transform(future).data)).toBeGreaterThan(1);
});

test("arrays out of step and sizes that leave a part empty are refused", () => {
  const refuses = (options: object, message: string) =>
    expect(() => trainTestSplit(range(10), options)).toThrow(message);
  for (const size of [0, -0.1, 1.5, 10, Number.NaN]) {
    refuses({ testSize: size }, "trainTestSplit: expected testSize to be a share in (0, 1)");
    refuses({ trainSize: size }, "trainTestSplit: expected trainSize to be a share in (0, 1)");
  }
  refuses(
    { testSize: 0.6, trainSize: 0.6 },
    "expected both parts to fit into 10 rows, got 6 and 6",
  );
  refuses({ trainSize: 0.05 }, "got 0 and 10");
  refuses({ seed: -1, shuffle: true }, "expected a seed that is an integer");
  expect(() => trainTestSplit([1])).toThrow("expected both parts to fit into 1 rows, got 0 and 1");
  expect(() => trainTestSplit([1, 2], [1, 2, 3])).toThrow("arrays of the same length, got 2, 3");
  expect(() => trainTestSplit({ testSize: 1 } as never)).toThrow(
    "expected at least one array, got none",
  );
  expect(() => trainTestSplit("abc" as never, {})).toThrow('got "abc" among the arrays');
});
