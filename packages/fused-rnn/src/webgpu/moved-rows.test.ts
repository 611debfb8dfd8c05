// Lookups and their gradients on the device.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { registerWebGPUKernels } from "./index.ts";

/** A tensor whose numbers the device alone has. */
async function onDevice(make: () => tf.Tensor): Promise<tf.Tensor> {
  return tf.tidy(() => tf.reverse(tf.reverse(make(), 0), 0));
}

const numbersOf = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];

// A program takes a software driver up to a second to compile.
describe.skipIf(!hasDawn)(
  "rows on the device (skipped without a Vulkan driver)",
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      await startWebGPU();
      registerWebGPUKernels();
      await tf.setBackend("webgpu");
    });

    test("sums of rows by repeated, unsorted and stray ids are those of each id's rows alone", async () => {
      const draw = fc.record({
        ids: fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 1, maxLength: 40 }),
        width: fc.constantFrom(1, 3, 32, 33, 70),
        dtype: fc.constantFrom("float32" as const, "int32" as const),
      });
      await fc.assert(
        fc.asyncProperty(draw, async ({ ids, width, dtype }) => {
          const rows = ids.map((_, n) =>
            Array.from({ length: width }, (_, j) => n * width + j - 7),
          );
          const x = tf.tensor2d(rows, [ids.length, width], dtype);
          const sums = tf.unsortedSegmentSum(x, tf.tensor1d(ids, "int32"), 6);
          const expected = Array.from({ length: 6 }, () => Array<number>(width).fill(0));
          // Whole numbers: exact in any order.
          for (const [n, id] of ids.entries()) {
            for (let j = 0; j < width; j++) if (expected[id]) expected[id][j] += rows[n][j];
          }
          expect(sums.dtype).toBe(dtype);
          expect(await numbersOf(sums)).toEqual(expected.flat());
          tf.dispose([x, sums]);
        }),
        { numRuns: 25 },
      );
    });

    test("the gradient of a lookup has the same bits in every run", async () => {
      const ids = tf.tensor1d(
        Array.from({ length: 3000 }, (_, i) => (i * i) % 7),
        "int32",
      );
      const weights = tf.tensor2d(
        Array.from({ length: 3000 * 5 }, (_, i) => Math.sin(i) / 3),
        [3000, 5],
      );
      const table = tf.ones([7, 5]) as tf.Tensor2D;
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(tf.gather(x, ids), weights)));
      const first = await numbersOf(gradient(table));
      for (let run = 0; run < 4; run++) expect(await numbersOf(gradient(table))).toEqual(first);
      const exact = Array<number>(35).fill(0);
      const terms = await weights.data();
      for (let i = 0; i < terms.length; i++) {
        const n = Math.floor(i / 5);
        exact[((n * n) % 7) * 5 + (i % 5)] += terms[i];
      }
      expect(first).toBeAllclose(exact, { rtol: 1e-5, atol: 1e-4, ofLargest: 0 });
    });

    test("a lookup gives rows in their own bits, and zeros for an id that is no row's", async () => {
      const table = await onDevice(() => tf.tensor2d([1, 2, 3, 4, Number.NaN, 6], [3, 2]));
      const ids = await onDevice(() => tf.tensor2d([2, -1, 0, 3, 1, 1], [3, 2], "int32"));
      const rows = tf.gather(table, ids as tf.Tensor2D);
      expect(rows.shape).toEqual([3, 2, 2]);
      expect(await numbersOf(rows)).toEqual([Number.NaN, 6, 0, 0, 1, 2, 0, 0, 3, 4, 3, 4]);
      const whole = await onDevice(() => tf.tensor2d([1, 2, 3, 7], [2, 2], "int32"));
      const picked = tf.gather(whole, await onDevice(() => tf.tensor1d([1], "int32")));
      expect([picked.dtype, await numbersOf(picked)]).toEqual(["int32", [3, 7]]);
    });

    test("an id that the host knows to be no row's is refused, as on cpu", async () => {
      const table = await onDevice(() => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]));
      for (const id of [3, -1]) {
        expect(() => tf.gather(table, tf.tensor1d([0, id], "int32"))).toThrow(
          `gather: expected ids from 0 to below 3, got ${id}`,
        );
      }
    });

    test("other axes and batches are tfjs's", async () => {
      const x = await onDevice(() => tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]));
      const columns = tf.gather(x, tf.tensor1d([2, 0], "int32"), 1);
      expect(await numbersOf(columns)).toEqual([3, 1, 6, 4]);
      const batched = tf.gather(x, tf.tensor2d([[1], [0]], [2, 1], "int32"), 1, 1);
      expect(await numbersOf(batched)).toEqual([2, 4]);
    });

    test("a transposition is tfjs's, whether it moves numbers or not", async () => {
      const x = await onDevice(() => tf.tensor4d([1, 2, 3, 4, 5, 6], [2, 1, 3, 1]));
      const still = tf.transpose(x, [1, 0, 3, 2]);
      expect([still.shape, await numbersOf(still)]).toEqual([
        [1, 2, 1, 3],
        [1, 2, 3, 4, 5, 6],
      ]);
      const moved = tf.transpose(x, [2, 1, 0, 3]);
      expect([moved.shape, await numbersOf(moved)]).toEqual([
        [3, 1, 2, 1],
        [1, 4, 2, 5, 3, 6],
      ]);
    });

    test("a transposition of integers and bools, and of those that tfjs calls float32, is that of numbers", async () => {
      const mask = await onDevice(() => tf.tensor2d([1, 0, 0, 1, 1, 0], [2, 3], "int32"));
      for (const given of [
        mask,
        tf.cast(mask, "bool"),
        tf.cast(tf.cast(mask, "bool"), "float32"),
      ]) {
        const flat = tf.transpose(given);
        const wide = tf.transpose(tf.expandDims(given, -1), [1, 0, 2]);
        expect([flat.dtype, wide.dtype]).toEqual([given.dtype, given.dtype]);
        const sums = [flat, wide].map((moved) => tf.mul(tf.cast(moved, "float32"), 2));
        for (const sum of sums) expect(await numbersOf(sum)).toEqual([2, 2, 0, 2, 0, 0]);
      }
    });

    test("whole numbers and bools that are cast to float32 are floats, which tfjs adds up along any axis", async () => {
      const values = [1, 0, 2, 0, -3, 4, 1, 1];
      for (const dtype of ["int32", "bool"] as const) {
        const host = () =>
          tf.tensor3d(
            values.map((n) => (dtype === "bool" ? Math.abs(Math.sign(n)) : n)),
            [2, 2, 2],
            dtype,
          );
        const expected = dtype === "bool" ? [2, 0, 2, 2] : [3, 0, -2, 5];
        for (const given of [host(), await onDevice(host)]) {
          const floats = tf.cast(given, "float32");
          expect(await numbersOf(tf.sum(floats, 1))).toEqual(expected);
          expect(await numbersOf(tf.transpose(floats, [2, 0, 1]))).toEqual(
            dtype === "bool" ? [1, 1, 1, 1, 0, 0, 1, 1] : [1, 2, -3, 1, 0, 0, 4, 1],
          );
        }
      }
    });
  },
);
