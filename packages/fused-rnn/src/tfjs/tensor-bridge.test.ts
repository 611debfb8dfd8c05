import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { createContext, runInContext } from "node:vm";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { fromTensor, toTensor } from "../index.ts";

const kinds = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Numbers of each dtype, the special ones among them, in any shape up to rank 6. */
const arrays = fc
  .record({
    dtype: fc.constantFrom("float32" as const, "int32" as const, "bool" as const),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 6 }),
  })
  .chain(({ dtype, shape }) => {
    const length = shape.reduce((product, n) => product * n, 1);
    const number = {
      float32: fc.float(),
      int32: fc.integer(),
      bool: fc.integer({ min: 0, max: 1 }),
    }[dtype];
    return fc.record({
      dtype: fc.constant(dtype),
      shape: fc.constant(shape),
      data: fc
        .array(number, { minLength: length, maxLength: length })
        .map((numbers) => kinds[dtype].from(numbers)),
    });
  });

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeAll(async () => void (await tf.setBackend(backend)));

  test("numbers of any dtype and shape come back as they went, and nothing stays", () => {
    const before = tf.memory().numTensors;
    fc.assert(
      fc.property(arrays, ({ dtype, shape, data }) => {
        const tensor = toTensor({ data, shape }, { dtype });
        expect([tensor.dtype, tensor.shape]).toEqual([dtype, shape]);
        expect(fromTensor(tensor)).toEqual({ data, shape });
        tensor.dispose();
      }),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  test("what happens to the array afterwards does not reach the tensor, nor the other way round", () => {
    const data = Float32Array.of(1, 2);
    const tensor = toTensor(data);
    data[0] = 9;
    fromTensor(tensor).data[1] = 9;
    expect([...fromTensor(tensor).data]).toEqual([1, 2]);
  });
});

test("a series is [T]; whole numbers are int32, others float32, Float64Array rounded to the nearest", () => {
  expect(toTensor([1, 2, 3]).shape).toEqual([3]);
  const dtypes = [[1], Float64Array.of(1), Uint8Array.of(1), Uint32Array.of(1), Int16Array.of(1)];
  expect(dtypes.map((data) => toTensor(data).dtype)).toEqual([
    "float32",
    "float32",
    "int32",
    "int32",
    "int32",
  ]);
  fc.assert(
    fc.property(fc.float64Array({ noNaN: true, min: -3e38, max: 3e38 }), (data) => {
      expect(fromTensor(toTensor(data)).data).toEqual(Float32Array.from(data));
    }),
  );
});

test("what a dtype cannot hold is refused with its place: no Infinity, no cut numbers", () => {
  const refused = fc.oneof(
    fc.record({
      dtype: fc.constant("float32" as const),
      x: fc.double({ min: 3.5e38, noNaN: true, noDefaultInfinity: true }),
    }),
    fc.record({
      dtype: fc.constant("int32" as const),
      x: fc.double().filter((x) => !Number.isInteger(x) || Math.abs(x) > 2 ** 31),
    }),
    fc.record({
      dtype: fc.constant("bool" as const),
      x: fc.double().filter((x) => x !== 0 && x !== 1),
    }),
  );
  fc.assert(
    fc.property(refused, ({ dtype, x }) => {
      const words = new RegExp(`^toTensor: expected .*${dtype} is for, got .* at 1$`);
      expect(() => toTensor([1, x], { dtype })).toThrow(words);
    }),
  );
  expect([...fromTensor(toTensor([Infinity, NaN])).data]).toEqual([Infinity, NaN]);
  expect(() => toTensor(Uint32Array.of(2 ** 32 - 1))).toThrow("int32 is for, got 4294967295 at 0");
});

test("predict's one tensor in a list is that tensor; several are taken one after the other", () => {
  const tensor = tf.tensor2d([[1, 2]]);
  expect(fromTensor([tensor])).toEqual({ data: Float32Array.of(1, 2), shape: [1, 2] });
  expect(() => fromTensor([tensor, tensor])).toThrow(
    "fromTensor: expected one tensor, as in outputs.map((output) => fromTensor(output)), got a list of 2",
  );
});

test("a typed array of another realm is one of this", () => {
  const data = runInContext("Float64Array.of(0.5, 2)", createContext({}));
  expect(fromTensor(toTensor({ data, shape: [2, 1] }))).toEqual({
    data: Float32Array.of(0.5, 2),
    shape: [2, 1],
  });
});

test.each([
  [5, "toTensor: expected { data, shape } or an array of numbers, got 5"],
  [null, "toTensor: expected { data, shape } or an array of numbers, got null"],
  [["a"], 'toTensor: expected a number at 0, got "a"'],
  [[[1], [2]], "toTensor: expected a number at 0, got [1]"],
  [BigInt64Array.of(1n), "toTensor: expected { data, shape } or an array of numbers"],
  [{ data: [1, 2], shape: [3] }, "toTensor: expected a shape for 2 numbers, got [3]"],
  [{ data: [1, 2], shape: [-1, -2] }, "toTensor: expected a shape for 2 numbers, got [-1, -2]"],
  [{ data: [1, 2] }, "toTensor: expected { data, shape } or an array of numbers"],
])("toTensor refuses %o", (x, words) => {
  expect(() => toTensor(x as never)).toThrow(words);
});

test("fromTensor refuses what is no tensor of numbers, and both an unknown dtype", () => {
  const gone = tf.scalar(1);
  gone.dispose();
  expect(() => fromTensor(gone)).toThrow("float32, int32, bool, got one that was disposed");
  expect(() => fromTensor(tf.scalar("a"))).toThrow("float32, int32, bool, got string");
  expect(() => fromTensor([1] as never)).toThrow("fromTensor: expected a tensor of float32");
  expect(() => toTensor([1], { dtype: "float64" as never })).toThrow(
    'toTensor: expected dtype float32, int32, bool, got "float64"; did you mean float32?',
  );
  expect(() => fromTensor(tf.scalar(1.5), { dtype: "int32" })).toThrow("got 1.5 at 0");
  expect(() => toTensor([1], { type: "int32" } as never)).toThrow(
    "toTensor: expected options dtype",
  );
});
