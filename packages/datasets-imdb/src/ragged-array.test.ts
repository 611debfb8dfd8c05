import fc from "fast-check";
import { expect, test } from "vitest";
import { DatasetError, RaggedArray } from "./index.ts";

const build = (rows: number[][]) => {
  const offsets = [0];
  for (const row of rows) offsets.push(offsets.at(-1)! + row.length);
  return new RaggedArray(Int32Array.from(rows.flat()), Int32Array.from(offsets));
};

test("toArrays, iteration and at agree with the rows it was made of", () => {
  const rows = fc.array(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })));
  const property = fc.property(rows, (expected) => {
    const ragged = build(expected);
    expect(ragged.length).toBe(expected.length);
    expect(ragged.toArrays()).toEqual(expected);
    expect(Array.from(ragged, (row) => Array.from(row))).toEqual(expected);
    expected.forEach((row, i) => {
      expect(Array.from(ragged.at(i)!)).toEqual(row);
      expect(ragged.at(i - expected.length)).toEqual(ragged.at(i));
    });
    expect(ragged.at(expected.length)).toBeUndefined();
    expect(ragged.at(-expected.length - 1)).toBeUndefined();
  });
  fc.assert(property);
});

test("sequences are views", () => {
  const ragged = build([[1, 2], [3]]);
  ragged.at(1)![0] = 9;
  expect(Array.from(ragged.values)).toEqual([1, 2, 9]);
});

test.each([
  [[], "expected offsets[0] = 0, got undefined"],
  [[1, 2], "expected offsets[0] = 0, got 1"],
  [[0, 2, 1, 2], "got 1 after 2 at 2"],
  [[0, 1], "expected the last offset to be 2 (values.length), got 1"],
])("offsets %j of two values are refused", (offsets, message) => {
  const make = () => new RaggedArray(Int32Array.of(5, 6), Int32Array.from(offsets));
  expect(make).toThrow(DatasetError);
  expect(make).toThrow(message);
});
