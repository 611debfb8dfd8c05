// Losses and metrics as one operation on the device, beside tfjs's operations on the cpu backend.

import "@tensorflow/tfjs-backend-cpu";
import { type MeanKind, stepOps } from "@rnnkit/fused-rnn";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import { metrics as stock } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { kerasLosses, type LossFunction } from "./compile/keras-losses.ts";
import { registerWebGPUKernels } from "./webgpu.ts";

const near = { rtol: 1e-6, atol: 1e-6, ofLargest: 0 };

const losses: Record<string, LossFunction> = {
  meanSquaredError: stock.meanSquaredError,
  meanAbsoluteError: kerasLosses.meanAbsoluteError,
  binaryCrossentropy: stock.binaryCrossentropy,
  categoricalCrossentropy: stock.categoricalCrossentropy,
  sparseCategoricalCrossentropy: kerasLosses.sparseCategoricalCrossentropy,
};
const accuracies: Record<string, LossFunction> = {
  binaryAccuracy: stock.binaryAccuracy,
  categoricalAccuracy: stock.categoricalAccuracy,
  sparseCategoricalAccuracy: stock.sparseCategoricalAccuracy,
};
const sparse = ["sparseCategoricalCrossentropy", "sparseCategoricalAccuracy"];
const ofEach = ["meanSquaredError", "meanAbsoluteError", "binaryCrossentropy", "binaryAccuracy"];

interface Drawn {
  shape: number[];
  predicted: number[];
  targets: number[];
  dtype: "float32" | "int32" | "bool";
  scale: number;
}

const chance = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.float({ min: Math.fround(0.01), max: Math.fround(0.99), noNaN: true }),
  },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, Math.fround(1e-8), 0.5) },
);
const draws = (kind: string): fc.Arbitrary<Drawn> =>
  fc
    .record({
      rows: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 2 }),
      width: fc.integer({ min: ofEach.includes(kind) ? 1 : 2, max: 7 }),
      dtype: fc.constantFrom("float32" as const, "int32" as const),
      scale: fc.constantFrom(1, 1, 0.5, -2),
    })
    .chain(({ rows, width, ...rest }) => {
      const shape = [...rows, width];
      const count = shape.reduce((a, b) => a * b);
      const isSparse = sparse.includes(kind);
      const target = fc.integer({ min: 0, max: isSparse ? width - 1 : 1 });
      const targets = isSparse ? count / width : count;
      const each = fc.array(target, { minLength: targets, maxLength: targets });
      // Of several classes at once the gradient is a difference that cancels to what rounding leaves.
      const oneHot = fc
        .array(fc.nat(width - 1), { minLength: count / width, maxLength: count / width })
        .map((classes) =>
          classes.flatMap((at) => Array.from({ length: width }, (_, i) => Number(i === at))),
        );
      return fc.record({
        predicted: fc.array(chance, { minLength: count, maxLength: count }),
        targets: kind === "categoricalCrossentropy" ? oneHot : each,
        ...{ shape: fc.constant(shape), dtype: fc.constant(rest.dtype) },
        scale: fc.constant(rest.scale),
      });
    });

const targetShape = (kind: string, { shape, targets }: Drawn) =>
  sparse.includes(kind) ? [...shape.slice(0, -1), ...(targets.length % 2 ? [] : [1])] : shape;

/** The mean, and the gradient of the mean times a number. */
async function outcome(
  kind: string,
  drawn: Drawn,
  meanOf: (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor,
): Promise<{ value: number; gradient: number[] }> {
  const yTrue = tf.tensor(drawn.targets, targetShape(kind, drawn), drawn.dtype);
  const yPred = tf.tensor(drawn.predicted, drawn.shape);
  const value = tf.tidy(() => meanOf(yTrue, yPred));
  const gradient =
    kind in losses
      ? tf.grad((x) => tf.mul(meanOf(yTrue, x), drawn.scale) as tf.Scalar)(yPred)
      : undefined;
  const result = {
    value: (await value.data())[0]!,
    gradient: gradient ? [...(await gradient.data())] : [],
  };
  tf.dispose([yTrue, yPred, value, ...(gradient ? [gradient] : [])]);
  return result;
}

/** As a model takes it: without what says which class is meant. */
const flat = (kind: string, yTrue: tf.Tensor, yPred: tf.Tensor) =>
  sparse.includes(kind) ? tf.reshape(yTrue, yPred.shape.slice(0, -1)) : yTrue;

async function compared(kind: string, drawn: Drawn): Promise<void> {
  const usual = (losses[kind] ?? accuracies[kind])!;
  await tf.setBackend("cpu");
  const expected = await outcome(kind, drawn, (yTrue, yPred) =>
    tf.mean(usual(flat(kind, yTrue, yPred), yPred)),
  );
  await tf.setBackend("webgpu");
  const got = await outcome(kind, drawn, (yTrue, yPred) => {
    const mean = stepOps()?.mean(kind as MeanKind, yTrue, yPred);
    if (!mean) throw new Error(`${kind}: expected a mean on the device, got none`);
    return mean;
  });
  expect(got.value).toBeAllclose([expected.value], near);
  expect(got.gradient).toBeAllclose(expected.gradient, {
    ...near,
    ofLargest: 1e-5,
  });
}

// A program takes a software driver up to a second to compile.
describe.skipIf(!hasDawn)(
  "means on the device (skipped without a Vulkan driver)",
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      await startWebGPU();
      registerWebGPUKernels();
      await tf.setBackend("webgpu");
    });

    test.each(Object.keys({ ...losses, ...accuracies }))(
      "%s is that of operations on cpu, and so is its gradient",
      async (kind) => {
        await fc.assert(
          fc.asyncProperty(draws(kind), (drawn) => compared(kind, drawn)),
          { numRuns: 12 },
        );
      },
    );

    test("more rows than one workgroup adds up", async () => {
      const count = 2500;
      const numbers = (f: (i: number) => number) => Array.from({ length: count }, (_, i) => f(i));
      const drawn: Drawn = {
        ...{ shape: [count, 1], dtype: "float32", scale: 3 },
        predicted: numbers((i) => (i % 97) / 97),
        targets: numbers((i) => i % 2),
      };
      await compared("binaryCrossentropy", drawn);
      await compared("meanSquaredError", drawn);
    });

    test("a class that there is not costs without end, and what is no number stays none", async () => {
      await tf.setBackend("webgpu");
      const drawn = (targets: number[], predicted: number[], shape: number[]): Drawn => ({
        ...{ targets, predicted, shape, dtype: "float32", scale: 1 },
      });
      const meanOf = (kind: MeanKind) => (yTrue: tf.Tensor, yPred: tf.Tensor) =>
        stepOps()!.mean(kind, yTrue, yPred)!;
      const kind = "sparseCategoricalCrossentropy";
      for (const stray of [-1, 3, Number.NaN, Number.POSITIVE_INFINITY]) {
        const each = drawn([stray, 1], [0.2, 0.3, 0.5, 0.1, 0.2, 0.7], [2, 3]);
        const { value, gradient } = await outcome(kind, each, meanOf(kind));
        expect(value).toBe(Number.POSITIVE_INFINITY);
        expect(gradient.map(Number.isNaN)).toEqual([true, true, true, false, false, false]);
      }
      for (const name of Object.keys(losses) as MeanKind[]) {
        const isSparse = sparse.includes(name);
        const each = drawn(isSparse ? [1] : [0, 1], [0.5, Number.NaN], [1, 2]);
        const { value, gradient } = await outcome(name, each, meanOf(name));
        expect([name, value, Number.isNaN(gradient[1])]).toEqual([name, Number.NaN, true]);
      }
    });

    test("targets of another shape are left to tfjs, and targets have no gradient", async () => {
      await tf.setBackend("webgpu");
      const [yTrue, yPred] = [tf.tensor1d([1, 0]), tf.tensor2d([0.5, 0.5], [2, 1])];
      expect(stepOps()!.mean("meanSquaredError", yTrue, yPred)).toBe(undefined);
      const mean = (y: tf.Tensor) => stepOps()!.mean("meanSquaredError", y, yPred)!;
      expect(() => tf.grad(mean)(tf.tensor2d([1, 0], [2, 1]))).toThrow(
        "meanSquaredError: expected its gradient in the predictions, got one asked in targets",
      );
    });
  },
);
