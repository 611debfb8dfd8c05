import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { takeRows } from "./take-rows.ts";

beforeAll(async () => {
  for (const name of ["cpu", "wasm"]) await tf.setBackend(name);
});

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test("rows are tf.gather's, of every dtype and shape", async () => {
    await tf.setBackend(backend);
    const dtype = fc.constantFrom("float32" as const, "int32" as const, "bool" as const);
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        dtype,
        shape,
        fc.array(fc.nat(), { maxLength: 6 }),
        (type, [N, ...rest], given) => {
          const length = tf.util.sizeFromShape([N, ...rest]);
          const numbers = Array.from({ length }, (_, i) => (type === "bool" ? i % 2 : i - 3));
          const x = tf.tensor(numbers, [N, ...rest], type);
          const rows = Int32Array.from(given, (n) => n % N);
          const before = tf.memory().numTensors;
          const taken = takeRows(x, rows);
          expect(tf.memory().numTensors).toBe(before + 1);
          const wanted = tf.gather(x, tf.tensor1d(rows, "int32"));
          expect([taken.shape, taken.dtype]).toEqual([wanted.shape, wanted.dtype]);
          expect([...taken.dataSync()]).toEqual([...wanted.dataSync()]);
        },
      ),
    );
  });
});

test("a row that there is not is refused", () => {
  expect(() => takeRows(tf.ones([2, 2]), Int32Array.of(0, 2))).toThrow(
    "takeRows: expected rows from 0 to below 2, got 2",
  );
});
