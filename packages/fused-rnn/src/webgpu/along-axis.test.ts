// Along one axis on the device: the place of the largest number, and running sums.

import "@tensorflow/tfjs-backend-cpu";
import { hasDawn } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { useWebGPU } from "./refusals.fixture.ts";

interface Drawn {
  readonly shape: number[];
  readonly axis: number;
  readonly numbers: number[];
  readonly dtype: "float32" | "int32" | "bool";
}

type OfDrawn = (x: tf.Tensor, axis: number) => tf.Tensor;

/** 1 and -1: no product of these leaves its numbers. */
const signs = (x: tf.Tensor): tf.Tensor => tf.sub(1, tf.mul(2, tf.cast(tf.less(x, 0), "float32")));

const operations: [string, OfDrawn][] = [
  ["the place of the largest", (x, axis) => tf.argMax(x, axis)],
  ["the place of the smallest", (x, axis) => tf.argMin(x, axis)],
  ["running sums", (x, axis) => tf.cumsum(x, axis)],
  ["running sums of those before", (x, axis) => tf.cumsum(x, axis, true)],
  ["running sums from the end", (x, axis) => tf.cumsum(x, axis, false, true)],
  ["running products of those after", (x, axis) => tf.cumprod(signs(x), axis, true, true)],
];

/** Few numbers, so that there are equal ones; some draws have as many as two rounds of a workgroup. */
const draw: fc.Arbitrary<Drawn> = fc
  .record({
    shape: fc.oneof(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
      fc.tuple(fc.constantFrom(1, 3), fc.integer({ min: 60, max: 140 })),
    ),
    place: fc.nat(4),
    dtype: fc.constantFrom("float32" as const, "int32" as const, "bool" as const),
  })
  .chain(({ shape, place, dtype }) => {
    const size = tf.util.sizeFromShape(shape);
    const number = dtype === "bool" ? fc.nat(1) : fc.constantFrom(-2, -1, 0, -0, 1, 2);
    return fc.record({
      ...{ shape: fc.constant(shape), axis: fc.constant(place % shape.length) },
      ...{ dtype: fc.constant(dtype) },
      numbers: fc.array(number, { minLength: size, maxLength: size }),
    });
  });

describe.skipIf(!hasDawn)("along an axis (skipped without a Vulkan driver)", () => {
  const refused = useWebGPU();

  test.each(operations)("%s: as on cpu", async (_, operation) => {
    const on = async (backend: string, { shape, axis, numbers, dtype }: Drawn) => {
      await tf.setBackend(backend);
      const result = operation(tf.tensor(numbers, shape, dtype), axis);
      const given = [...(await result.data())];
      return { shape: result.shape, dtype: result.dtype, numbers: given.map((n) => n + 0) };
    };
    await fc.assert(
      fc.asyncProperty(draw, async (drawn) => {
        refused.length = 0;
        expect(await on("webgpu", drawn)).toEqual(await on("cpu", drawn));
        expect(refused).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  test("NaN is no largest number, unless it is the first", async () => {
    const { NaN: nan, NEGATIVE_INFINITY: least } = Number;
    const rows = [...[nan, 3, 4], ...[3, nan, 1], ...[1, nan, 5], ...[least, nan, least]];
    for (const backend of ["cpu", "webgpu"]) {
      await tf.setBackend(backend);
      const places = tf.argMax(tf.tensor2d(rows, [4, 3]), 1);
      expect([...(await places.data())]).toEqual([0, 0, 2, 0]);
    }
  });
});
