import { expect, test } from "vitest";
import { MinMaxScaler } from "./min-max-scaler.ts";
import { kindOf, readArray, toFloat32 } from "./nd-array.ts";
import { padSequences } from "./pad-sequences.ts";
import { slidingWindows } from "./sliding-windows.ts";
import { trainTestSplit } from "./train-test-split.ts";

test("nested arrays are read row by row, last axis fastest", () => {
  expect(
    readArray("f", [
      [1, 2, 3],
      [4, 5, 6],
    ]),
  ).toEqual({
    data: Float64Array.of(1, 2, 3, 4, 5, 6),
    shape: [2, 3],
  });
  expect(
    readArray("f", [
      [[1], [2]],
      [[3], [4]],
    ]).shape,
  ).toEqual([2, 2, 1]);
  expect(readArray("f", []).shape).toEqual([0]);
  expect(readArray("f", [[], []]).shape).toEqual([2, 0]);
});

test("a typed array is one axis, taken without a copy", () => {
  const data = Float32Array.of(1, 2);
  expect(readArray("f", data).data).toBe(data);
  expect(readArray("f", { data, shape: [2, 1] })).toEqual({ data, shape: [2, 1] });
  expect(readArray("f", { data, shape: [2, 1] }).data).toBe(data);
});

test("rows of one typed class keep it, mixed rows become float64", () => {
  expect(kindOf(readArray("f", [Float32Array.of(1), Float32Array.of(2)]).data)).toBe(
    "Float32Array",
  );
  expect(kindOf(readArray("f", [Float32Array.of(1), [2]]).data)).toBe("Float64Array");
  expect(kindOf(readArray("f", [Int32Array.of(1), Float32Array.of(2)]).data)).toBe("Float64Array");
});

test("what is no rectangular array of numbers is refused by name", () => {
  expect(() => readArray("f", [[1, 2], [3]])).toThrow("f: expected rows of equal length 2, got 1");
  expect(() => readArray("f", [[1], 2])).toThrow("rows of equal length 1, got 2");
  expect(() => readArray("f", [1, [2]])).toThrow("expected only numbers at depth 0, got [2]");
  expect(() => readArray("f", [["1"]])).toThrow('expected only numbers at depth 1, got "1"');
  expect(() => readArray("f", [1, undefined])).toThrow("got undefined");
  expect(() => readArray("f", "123")).toThrow('got "123"');
  expect(() => readArray("f", BigInt64Array.of(1n))).toThrow("got an instance of BigInt64Array");
  expect(() => readArray("f", { data: [1, 2, 3], shape: [2, 2] })).toThrow(
    "f: expected 4 numbers for shape [2, 2], got 3",
  );
  expect(() => readArray("f", { data: [1], shape: [-1] })).toThrow("non-negative integers");
});

test("toFloat32 converts what tfjs refuses and copies nothing that it takes", () => {
  const data = Float32Array.of(1, 2);
  expect(toFloat32({ data, shape: [2, 1] }).data).toBe(data);
  expect(toFloat32([[0.1], [2]])).toEqual({ data: Float32Array.of(0.1, 2), shape: [2, 1] });
});

test("the types of results are those of their data", () => {
  // tf.tensor's own types refuse a union with Float64Array, so each of these must be exact.
  const floats = { data: Float32Array.of(1, 2, 3, 4), shape: [4, 1] };
  const scaled: Float32Array = new MinMaxScaler().fitTransform(floats).data;
  const wide: Float64Array = new MinMaxScaler().fitTransform([[1], [2]]).data;
  const narrow: Float32Array = slidingWindows(wide, { windowLength: 1 }).x.data;
  const ids: Int32Array = slidingWindows(Int32Array.of(1, 2), { windowLength: 1 }).y.data;
  const padded: Int32Array = padSequences([[1]]).data;
  const doubles: Float64Array = padSequences([[1]], { dtype: "float64" }).data;
  const [train, rest] = trainTestSplit(floats, [1, 2, 3, 4], { testSize: 1 });
  const part: Float32Array = train.data;
  const arrays = [scaled, wide, narrow, ids, padded, doubles, part, rest.data];
  expect(arrays.map(kindOf)).toEqual([
    "Float32Array",
    "Float64Array",
    "Float32Array",
    "Int32Array",
    "Int32Array",
    "Float64Array",
    "Float32Array",
    "Float32Array",
  ]);
});
