// Dense layers and batches on the device.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { fusedActivations } from "../activation-names.ts";
import { activationOps } from "../activations.ts";
import { type StepOps, stepOps } from "../step-ops.ts";
import { sgdSteps, sgdUpdate } from "../tfjs/sgd-update.ts";
import { registerWebGPUKernels } from "./index.ts";

const wave = (count: number, start = 0) =>
  Array.from({ length: count }, (_, i) => Math.sin(2.3 * i + start));
const numbersOf = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];

type Dense = (x: tf.Tensor, kernel: tf.Tensor, bias?: tf.Tensor) => tf.Tensor;

/** y, dx, dKernel and dBias. */
async function outcome(
  dense: Dense,
  shape: number[],
  units: number,
  hasBias: boolean,
): Promise<number[][]> {
  const inputs = shape.at(-1) as number;
  const given = [
    tf.tensor(wave(shape.reduce((a, b) => a * b)), shape),
    tf.tensor2d(wave(inputs * units, 1), [inputs, units]),
    ...(hasBias ? [tf.tensor1d(wave(units, 2))] : []),
  ] as [tf.Tensor, tf.Tensor, tf.Tensor?];
  const { value, grads } = tf.valueAndGrads((x, kernel, bias) => {
    const y = dense(x, kernel, bias);
    return tf.sum(tf.mul(y, tf.tensor(wave(y.size, 3), y.shape))) as tf.Scalar;
  })(given as tf.Tensor[]);
  const y = tf.tidy(() => dense(...given));
  const results = await Promise.all([y, ...grads].map(numbersOf));
  tf.dispose([y, value, ...grads, ...(given as tf.Tensor[])]);
  return results;
}

// A program takes a software driver up to a second to compile.
describe.skipIf(!hasDawn)(
  "operations of a step (skipped without a Vulkan driver)",
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      await startWebGPU();
      registerWebGPUKernels();
    });

    const sizes = [
      { shape: [2, 4, 7], units: 5, hasBias: false },
      { shape: [33, 40], units: 35, hasBias: true },
      // In parts of 1024 rows.
      { shape: [2, 1100, 3], units: 2, hasBias: true },
    ];
    test.each(sizes)(
      "Dense of $shape to $units is its equation, with its gradients",
      async (size) => {
        const { shape, units, hasBias } = size;
        await tf.setBackend("cpu");
        const usual: Dense = (x, kernel, bias) => {
          const product = tf.matMul(tf.reshape(x, [-1, x.shape.at(-1) as number]), kernel);
          const sum = bias ? tf.add(product, bias) : product;
          return tf.tanh(tf.reshape(sum, [...x.shape.slice(0, -1), units]));
        };
        const expected = await outcome(usual, shape, units, hasBias);
        await tf.setBackend("webgpu");
        const ours: Dense = (x, kernel, bias) =>
          stepOps()?.dense(x, kernel, bias, "tanh") as tf.Tensor;
        const got = await outcome(ours, shape, units, hasBias);
        expect(got).toHaveLength(hasBias ? 4 : 3);
        for (const [i, values] of expected.entries()) {
          expect(got[i]).toBeAllclose(values, tolerances.composed.gradients);
        }
      },
    );

    // The texts are the recurrence's, whose tests go through all of them.
    test("an activation is the composed one, with its slope", async () => {
      for (const name of ["relu", "softplus"] as const) {
        await tf.setBackend("cpu");
        const usual: Dense = (x, kernel) => activationOps[name](tf.matMul(x, kernel) as tf.Tensor);
        const expected = await outcome(usual, [4, 3], 5, false);
        await tf.setBackend("webgpu");
        const ours: Dense = (x, kernel) =>
          stepOps()?.dense(x, kernel, undefined, name) as tf.Tensor;
        const got = await outcome(ours, [4, 3], 5, false);
        for (const [i, values] of expected.entries()) {
          expect(got[i]).toBeAllclose(values, tolerances.composed.gradients);
        }
      }
    });

    test("what is no number stays none under every activation", async () => {
      await tf.setBackend("webgpu");
      const x = tf.tensor2d([Number.NaN, 0.5], [2, 1]);
      for (const name of fusedActivations) {
        const [first, second] = await numbersOf(
          stepOps()?.dense(x, tf.ones([1, 1]), undefined, name) as tf.Tensor,
        );
        expect([name, first, Number.isFinite(second)]).toEqual([name, Number.NaN, true]);
      }
    });

    test("softmax is tfjs's, with its gradient, for rows of any width; a row with what is no number is none", async () => {
      const outcomeOf = async (of: (x: tf.Tensor) => tf.Tensor, shape: number[]) => {
        const count = shape.reduce((a, b) => a * b);
        const weights = tf.tensor(wave(count, 1), shape);
        const x = tf.tensor(
          wave(count).map((value) => 30 * value),
          shape,
        );
        const { value, grad } = tf.valueAndGrad(
          (given) => tf.sum(tf.mul(of(given), weights)) as tf.Scalar,
        )(x);
        return [await numbersOf(of(x)), await numbersOf(value), await numbersOf(grad)];
      };
      const ours = (x: tf.Tensor) => stepOps()?.softmax(x) as tf.Tensor;
      for (const shape of [
        [3, 1],
        [2, 2, 5],
        [4, 130],
      ]) {
        await tf.setBackend("cpu");
        const expected = await outcomeOf((x) => tf.softmax(x), shape);
        await tf.setBackend("webgpu");
        const got = await outcomeOf(ours, shape);
        for (const [i, values] of expected.entries()) {
          expect(got[i]).toBeAllclose(values, tolerances.composed.gradients);
        }
      }
      const rows = ours(tf.tensor2d([1, Number.NaN, 0, 0], [2, 2]));
      expect(await numbersOf(rows)).toEqual([Number.NaN, Number.NaN, 0.5, 0.5]);
    });

    test("rows of a batch are tf.gather's, of any number of tensors and dtypes", async () => {
      await tf.setBackend("webgpu");
      const dtypes = fc.constantFrom("float32" as const, "int32" as const, "bool" as const);
      const tensors = fc.array(
        fc.record({ width: fc.integer({ min: 1, max: 90 }), dtype: dtypes }),
        {
          minLength: 1,
          maxLength: 4,
        },
      );
      const chosen = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 });
      await fc.assert(
        fc.asyncProperty(tensors, chosen, async (all, rows) => {
          const made = all.map(({ width, dtype }) =>
            tf.tensor2d(
              Array.from({ length: 5 * width }, (_, i) => (dtype === "bool" ? i % 2 : i)),
              [5, width],
              dtype,
            ),
          );
          const taken = stepOps()?.rows(made, Int32Array.from(rows)) as tf.Tensor[];
          for (const [i, { width, dtype }] of all.entries()) {
            expect([taken[i].dtype, taken[i].shape]).toEqual([dtype, [rows.length, width]]);
            const expected = rows.flatMap((row) =>
              Array.from({ length: width }, (_, j) => {
                const at = row * width + j;
                return dtype === "bool" ? at % 2 : at;
              }),
            );
            expect(await numbersOf(taken[i])).toEqual(expected);
          }
          tf.dispose([...made, ...taken]);
        }),
        { numRuns: 12 },
      );
    });

    test("totals are weighted sums of as many values as there are", async () => {
      await tf.setBackend("webgpu");
      const values = Array.from({ length: 9 }, (_, i) => tf.scalar(i));
      const first = stepOps()?.addTotals(undefined, values, 2) as tf.Tensor;
      const second = stepOps()?.addTotals(first, [...values].reverse(), 0.5) as tf.Tensor;
      expect(second).toBe(first);
      expect(await numbersOf(second)).toEqual([4, 5.5, 7, 8.5, 10, 11.5, 13, 14.5, 16]);
    });

    test("a lookup's gradient is that of gather, for ids of either dtype", async () => {
      const table = wave(12);
      const ids = [3, 0, 3, 1, 3, 2];
      const gradientOf = async (dtype: "float32" | "int32", lookup: Dense) => {
        const given = tf.tensor2d(ids, [2, 3], dtype);
        const weights = tf.tensor3d(wave(18, 1), [2, 3, 3]);
        const { value, grad } = tf.valueAndGrad(
          (x) => tf.sum(tf.mul(lookup(x, given), weights)) as tf.Scalar,
        )(tf.tensor2d(table, [4, 3]));
        return [await numbersOf(value), await numbersOf(grad)];
      };
      await tf.setBackend("cpu");
      const expected = await gradientOf("int32", (x, given) => tf.gather(x, given as tf.Tensor2D));
      await tf.setBackend("webgpu");
      for (const dtype of ["int32", "float32"] as const) {
        const got = await gradientOf(dtype, (x, given) => stepOps()?.lookup(x, given) as tf.Tensor);
        for (const [i, values] of expected.entries()) {
          expect(got[i]).toBeAllclose(values, tolerances.composed.gradients);
        }
      }
      const stray = () => stepOps()?.lookup(tf.tensor2d(table, [4, 3]), tf.tensor1d([4, 1]));
      expect(stray).toThrow("lookup: expected ids from 0 to below 4, got 4");
    });

    test("an id that the device alone has, and that is no row's, is the error of who reads the zeros in its place, or of a call before", async () => {
      await tf.setBackend("webgpu");
      const table = tf.tensor2d(wave(12), [4, 3]);
      const ids = tf.reverse(tf.reverse(tf.tensor1d([1, 7]), 0), 0);
      const wrong = "lookup: expected ids from 0 to below 4, got 7";
      await expect(numbersOf(stepOps()?.lookup(table, ids) as tf.Tensor)).rejects.toThrow(wrong);
      const right = () => stepOps()?.lookup(table, tf.tensor1d([0])) as tf.Tensor;
      expect(await numbersOf(right())).toEqual(await numbersOf(tf.slice(table, [0, 0], [1, 3])));
      stepOps()?.lookup(table, ids);
      await expect(async () => {
        // When the mark is back is the device's affair.
        for (let i = 0; i < 500; i++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          right();
        }
      }).rejects.toThrow(wrong);
    });

    test("integers that tfjs calls float32 without touching them are the numbers that they are", async () => {
      await tf.setBackend("webgpu");
      const cast = (values: number[], shape: number[]) => {
        const whole = tf.reverse(tf.tensor(values, shape, "int32"), 0);
        return tf.cast(tf.reverse(whole, 0), "float32");
      };
      const ops = stepOps() as StepOps;
      const x = cast([1, 2, 3, 4], [2, 2]);
      const [taken] = ops.rows([x], Int32Array.of(1, 0)) as tf.Tensor[];
      expect([taken.dtype, await numbersOf(tf.add(taken, 0.5))]).toEqual([
        "float32",
        [3.5, 4.5, 1.5, 2.5],
      ]);
      const vectors = ops.lookup(x, cast([1, 0], [2])) as tf.Tensor;
      expect(await numbersOf(tf.add(vectors, 0.5))).toEqual([3.5, 4.5, 1.5, 2.5]);
      expect(await numbersOf(tf.gather(x, tf.tensor1d([1], "int32")))).toEqual([3, 4]);
      const sums = tf.unsortedSegmentSum(x, tf.tensor1d([1, 1], "int32"), 2);
      expect(await numbersOf(sums)).toEqual([0, 0, 4, 6]);
      const y = ops.dense(x, cast([1, 1], [2, 1]), cast([1], [1]), "linear") as tf.Tensor;
      expect(await numbersOf(y)).toEqual([4, 8]);
      const mean = ops.mean("meanSquaredError", cast([1, 2, 3, 8], [2, 2]), x) as tf.Scalar;
      expect(await numbersOf(mean)).toEqual([4]);
      const totals = ops.addTotals(undefined, [tf.reshape(cast([3], [1]), [])], 2) as tf.Tensor;
      expect(await numbersOf(totals)).toEqual([6]);
      const value = tf.variable(x);
      const gradient = tf.ones([2, 2]);
      tf.engine().backend.incRef(gradient.dataId);
      const numbers = { learningRate: 0.5, momentum: 0, nesterov: 0 };
      const [after] = sgdUpdate({ value, gradient }, numbers);
      expect(await numbersOf(after)).toEqual([0.5, 1.5, 2.5, 3.5]);
      x.dispose();
      sgdSteps([{ value, gradient, slots: {} }], numbers);
      expect(await numbersOf(value)).toEqual([0.5, 1.5, 2.5, 3.5]);
    });

    test("other backends have no operations of their own", async () => {
      await tf.setBackend("cpu");
      expect(stepOps()).toBe(undefined);
    });
  },
);
