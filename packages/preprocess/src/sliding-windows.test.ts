import { loadPreprocess } from "@rnnkit/fixtures";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createSequences, prepareData } from "./sequences.ts";
import { slidingWindows } from "./sliding-windows.ts";

interface WindowCase {
  data: number[] | number[][];
  targets: number[] | null;
  args: Record<string, number | null>;
  batches: { x: number[]; x_shape: number[]; y?: number[] }[];
}

const { cases } = loadPreprocess("windows") as { cases: WindowCase[] };
const argNames: Record<string, string> = {
  sequence_length: "windowLength",
  sequence_stride: "stride",
  sampling_rate: "samplingRate",
  start_index: "startIndex",
  end_index: "endIndex",
};

for (const [i, { data, targets, args, batches }] of cases.entries()) {
  test(`timeseries_dataset_from_array case ${i}: ${JSON.stringify(args)}`, () => {
    // Batching is the caller's: batch_size only says how the golden file cuts the windows.
    const { batch_size: _, ...named } = args;
    const options = Object.fromEntries(
      Object.entries(named).map(([name, value]) => {
        if (!(name in argNames)) throw new Error(`no option for ${name} of the golden file`);
        return [argNames[name], value];
      }),
    ) as { windowLength: number };
    const beside = targets ? { targets } : { horizon: 0 };
    const { x, y } = slidingWindows(data, { ...options, ...beside });
    const isBatched = args.batch_size !== null;
    const stepShape = batches[0].x_shape.slice(isBatched ? 1 : 0);
    const count = batches.reduce((sum, { x_shape }) => sum + (isBatched ? x_shape[0] : 1), 0);
    expect(x.shape).toEqual([count, ...stepShape]);
    expect([...x.data]).toEqual(batches.flatMap((batch) => batch.x).flat(3));
    expect(y.shape).toEqual(targets ? [count] : [count, 0, ...(stepShape.length > 1 ? [2] : [])]);
    expect([...y.data]).toEqual(targets ? batches.flatMap((batch) => batch.y ?? []) : []);
  });
}

const geometry = fc.record({
  points: fc.integer({ min: 1, max: 60 }),
  features: fc.integer({ min: 1, max: 3 }),
  windowLength: fc.integer({ min: 1, max: 8 }),
  horizon: fc.integer({ min: 0, max: 4 }),
  stride: fc.integer({ min: 1, max: 7 }),
  samplingRate: fc.integer({ min: 1, max: 4 }),
});

test("x[i, k] = series[i·stride + k·rate], y[i, h] = series[i·stride + (L + h)·rate], none missing", () => {
  fc.assert(
    fc.property(geometry, ({ points, features, ...options }) => {
      const { windowLength, horizon, stride, samplingRate } = options;
      const data = Float64Array.from({ length: points * features }, (_, i) => i);
      const series = { data, shape: [points, features] };
      const span = (windowLength + horizon - 1) * samplingRate + 1;
      if (points < span) {
        expect(() => slidingWindows(series, options)).toThrow(`at least ${span} points`);
        return;
      }
      const { x, y } = slidingWindows(series, { ...options, dtype: "float64" });
      const count = Math.floor((points - span) / stride) + 1;
      expect(x.shape).toEqual([count, windowLength, features]);
      expect(y.shape).toEqual([count, horizon, features]);
      const at = (point: number, feature: number) => point * features + feature;
      let kx = 0;
      let ky = 0;
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < windowLength + horizon; k++) {
          for (let f = 0; f < features; f++) {
            const got = k < windowLength ? x.data[kx++] : y.data[ky++];
            expect(got).toBe(at(i * stride + k * samplingRate, f));
          }
        }
      }
      expect([kx, ky]).toEqual([x.data.length, y.data.length]);
    }),
  );
});

test("windows within start and end are the windows of that slice", () => {
  fc.assert(
    fc.property(geometry, fc.nat(10), fc.nat(10), ({ points, features: _, ...options }, a, b) => {
      const series = Float32Array.from({ length: a + points + b }, (_, i) => Math.sin(i));
      const span = (options.windowLength + options.horizon - 1) * options.samplingRate + 1;
      fc.pre(points >= span);
      const whole = slidingWindows(series, { ...options, startIndex: a, endIndex: a + points });
      expect(whole).toEqual(slidingWindows(series.subarray(a, a + points), options));
    }),
  );
});

test("long windows, which are copied as blocks, hold the same as short ones", () => {
  const series = Float32Array.from({ length: 400 }, (_, i) => i);
  const { x } = slidingWindows(series, { windowLength: 100, stride: 50 });
  expect(x.shape).toEqual([6, 100]);
  expect([...x.data]).toEqual(
    Array.from({ length: 600 }, (_, i) => 50 * Math.floor(i / 100) + (i % 100)),
  );
});

test("target columns are taken in the order given", () => {
  const series = [
    [0, 10, 20],
    [1, 11, 21],
    [2, 12, 22],
  ];
  const { x, y } = slidingWindows(series, { windowLength: 2, targetColumns: [2, 0] });
  expect(x).toEqual({ data: Float32Array.of(0, 10, 20, 1, 11, 21), shape: [1, 2, 3] });
  expect(y).toEqual({ data: Float32Array.of(22, 2), shape: [1, 1, 2] });
});

test("targets beside the series keep their own columns, and end the windows where they end", () => {
  const targets = [
    [0, 1],
    [2, 3],
    [4, 5],
  ];
  const { x, y } = slidingWindows([9, 8, 7, 6, 5, 4], { windowLength: 2, stride: 2, targets });
  expect(x).toEqual({ data: Float32Array.of(9, 8, 7, 6), shape: [2, 2] });
  expect(y).toEqual({ data: Float32Array.of(0, 1, 4, 5), shape: [2, 2] });
});

test("the element type is what tfjs takes, unless told otherwise", () => {
  const kind = (x: { x: { data: object } }) => x.x.data.constructor;
  const options = { windowLength: 1 };
  expect(kind(slidingWindows([0.1, 1], options))).toBe(Float32Array);
  expect(kind(slidingWindows(Float64Array.of(0.1, 1), options))).toBe(Float32Array);
  expect(kind(slidingWindows(Int32Array.of(0, 1), options))).toBe(Int32Array);
  const doubles = slidingWindows([0.1, 1], { ...options, dtype: "float64" });
  expect(doubles.x.data).toEqual(Float64Array.of(0.1));
  expect(slidingWindows([1.9, -1.9], { ...options, dtype: "int32" }).y.data).toEqual(
    Int32Array.of(-1),
  );
});

test("createSequences: x [N, L, F], y the next value", () => {
  expect(createSequences([1, 2, 3, 4, 5], 3)).toEqual({
    x: { data: Float32Array.of(1, 2, 3, 2, 3, 4), shape: [2, 3, 1] },
    y: { data: Float32Array.of(4, 5), shape: [2, 1] },
  });
  const { x, y } = createSequences(
    [
      [1, 10],
      [2, 20],
      [3, 30],
    ],
    2,
  );
  expect([x.shape, y]).toEqual([[1, 2, 2], { data: Float32Array.of(3, 30), shape: [1, 2] }]);
  const column = createSequences(
    [
      [1, 10],
      [2, 20],
      [3, 30],
    ],
    2,
    { targetColumns: [1] },
  );
  expect(column.y).toEqual({ data: Float32Array.of(30), shape: [1, 1] });
});

test("prepareData: y the next steps, [N, P] for one column and [N, P, C] for several", () => {
  expect(prepareData([1, 2, 3, 4, 5], 2, 2)).toEqual({
    x: { data: Float32Array.of(1, 2, 2, 3), shape: [2, 2, 1] },
    y: { data: Float32Array.of(3, 4, 4, 5), shape: [2, 2] },
  });
  const series = [
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
  ];
  expect(prepareData(series, 1, 2).y).toEqual({
    data: Float32Array.of(2, 20, 3, 30, 3, 30, 4, 40),
    shape: [2, 2, 2],
  });
  expect(prepareData(series, 1, 2, { targetColumns: [1] }).y).toEqual({
    data: Float32Array.of(20, 30, 30, 40),
    shape: [2, 2],
  });
});

test("10 million points: memory grows by the two outputs and nothing else", () => {
  const series = new Float32Array(10_000_000);
  for (let i = 0; i < series.length; i++) series[i] = i % 1000;
  const buffers = () => process.memoryUsage().arrayBuffers;
  const before = buffers();
  const { x, y } = slidingWindows(series, { windowLength: 60, stride: 50 });
  const grown = buffers() - before;
  expect(x.shape).toEqual([199_999, 60]);
  expect(y.shape).toEqual([199_999, 1]);
  expect(x.data[60 * 199_998 + 59]).toBe((199_998 * 50 + 59) % 1000);
  expect(y.data[199_998]).toBe((199_998 * 50 + 60) % 1000);
  expect(grown).toBeLessThanOrEqual(x.data.byteLength + y.data.byteLength + 4096);
});

test("options out of range are refused under the name of the function called", () => {
  const series = [1, 2, 3, 4, 5, 6];
  const refuses = (options: object, message: string) =>
    expect(() => slidingWindows(series, { windowLength: 2, ...options })).toThrow(
      `slidingWindows: ${message}`,
    );
  refuses({ windowLength: 0 }, "expected windowLength to be an integer of at least 1, got 0");
  refuses({ stride: 0 }, "expected stride to be an integer of at least 1, got 0");
  refuses({ stride: 1.5 }, "expected stride");
  refuses({ samplingRate: -1 }, "expected samplingRate");
  refuses({ horizon: -1 }, "expected horizon");
  refuses({ startIndex: 7 }, "expected startIndex to be an integer from 0 to 6, got 7");
  refuses({ endIndex: 7 }, "expected endIndex to be an integer from 0 to 6, got 7");
  refuses({ startIndex: 3, endIndex: 2 }, "expected endIndex to be an integer from 3 to 6, got 2");
  refuses({ targetColumns: [1] }, "expected targetColumns from 0, got 1");
  refuses(
    { targets: [1, 2], horizon: 1 },
    "expected targets or horizon and targetColumns, got both",
  );
  refuses({ targets: [] }, "expected at least 2 points and 1 targets for one window, got 6 and 0");
  refuses({ dtype: "float16" }, 'expected dtype float32, float64 or int32, got "float16"');
  refuses({ windowLength: 6 }, "expected at least 7 points for one window, got 6");
  expect(() => slidingWindows([[[1]]], { windowLength: 1 })).toThrow(
    "expected a series [T] or [T, F]",
  );
  expect(() => createSequences(series, 6)).toThrow("createSequences: expected at least 7 points");
  expect(() => prepareData(series, 5, 2)).toThrow("prepareData: expected at least 7 points");
  expect(() => prepareData(series, 5, 0)).toThrow(
    "prepareData: expected nPredictions of at least 1",
  );
});
