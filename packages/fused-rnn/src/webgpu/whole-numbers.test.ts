// Whole numbers and bools on the device, reduced along axes that tfjs's WebGPU backend brings to the end first.

import "@tensorflow/tfjs-backend-cpu";
import { hasDawn } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { useWebGPU } from "./refusals.fixture.ts";

type AlongAxis = (x: tf.Tensor, axis: number) => tf.Tensor;

/** What takes whole numbers along an axis. */
const ofWhole: Readonly<Record<string, AlongAxis>> = {
  ...{ max: tf.max, min: tf.min, prod: tf.prod, sum: tf.sum },
  keptSum: (x, axis) => tf.sum(x, axis, true),
  twoAxes: (x, axis) => tf.sum(x, [0, Math.max(axis, 1)]),
  // A division is rounded by each backend in its own way.
  mean: (x, axis) => tf.round(tf.mul(tf.mean(x, axis), 60)),
};

const ofBools: Readonly<Record<string, AlongAxis>> = {
  ...{ all: tf.all, any: tf.any, sum: tf.sum },
  keptAny: (x, axis) => tf.any(x, axis, true),
};

interface Drawn {
  readonly shape: [number, number, number];
  readonly axis: number;
  readonly seed: number;
}

const operations = [
  ...Object.keys(ofWhole).map((name) => ({ dtype: "int32" as const, name })),
  ...Object.keys(ofBools).map((name) => ({ dtype: "bool" as const, name })),
];

describe.skipIf(!hasDawn)(
  "whole numbers on the device (skipped without a Vulkan driver)",
  { timeout: 120_000 },
  () => {
    const refused = useWebGPU();

    test.each(operations)(
      "$name of $dtype along any axis is as on cpu",
      async ({ dtype, name }) => {
        const alongAxis = { int32: ofWhole, bool: ofBools }[dtype][name];
        const draw: fc.Arbitrary<Drawn> = fc.record({
          shape: fc.tuple(fc.constant(2), fc.constantFrom(1, 3, 5), fc.constantFrom(1, 4)),
          axis: fc.integer({ min: 0, max: 2 }),
          seed: fc.nat(),
        });
        const on = async (backend: string, { shape, axis, seed }: Drawn) => {
          await tf.setBackend(backend);
          const most = dtype === "bool" ? 2 : 10;
          const numbers = tf.randomUniform(shape, 0, most, "int32", `${seed}`);
          const result = alongAxis(tf.cast(numbers, dtype), axis);
          return { shape: result.shape, dtype: result.dtype, numbers: [...(await result.data())] };
        };
        await fc.assert(
          fc.asyncProperty(draw, async (drawn) => {
            refused.length = 0;
            expect(await on("webgpu", drawn)).toEqual(await on("cpu", drawn));
            expect(refused).toEqual([]);
          }),
          { numRuns: 6, examples: [[{ shape: [2, 3, 4], axis: 1, seed: 1 }]] },
        );
      },
    );
  },
);
