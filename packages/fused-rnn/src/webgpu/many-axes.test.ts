// Tensors of more axes than tfjs's WebGPU backend knows.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { hasDawn } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { useWebGPU } from "./refusals.fixture.ts";

type OfTensor = (x: tf.Tensor, width: number) => tf.Tensor;

const row = (width: number) => tf.range(1, width + 1);

const operations: [string, OfTensor][] = [
  ["a sum with a row", (x, width) => tf.add(x, row(width))],
  ["a row less it", (x, width) => tf.sub(row(width), x)],
  ["a comparison with a row", (x, width) => tf.greater(x, row(width))],
  ["padding", (x) => tf.pad(x, [[1, 0], [0, 0], [0, 2], [1, 1], ...rest(x, [0, 1])], 7)],
  ["reversal", (x) => tf.reverse(x, [0, 2, 4])],
  ["a choice", (x) => tf.where(tf.greater(x, 3), x, tf.neg(x))],
  [
    "a slice's gradient",
    (x) => tf.grad((y: tf.Tensor) => tf.square(tf.slice(y, [0, 0, 1, 0, 0])))(x),
  ],
];

/** The paddings of the axes after the fourth. */
const rest = (x: tf.Tensor, last: [number, number]): [number, number][] =>
  Array.from({ length: x.rank - 4 }, (_, i) => (i === x.rank - 5 ? last : [0, 0]));

describe.skipIf(!hasDawn)("five axes and six (skipped without a Vulkan driver)", () => {
  const refused = useWebGPU();

  test.each(operations)("%s is as on cpu, and nothing is left over", async (_, operation) => {
    const size = fc.integer({ min: 1, max: 3 });
    const draw = fc.record({
      shape: fc.tuple(size, size, fc.constantFrom(2, 3), size, size),
      isOfSix: fc.boolean(),
      seed: fc.nat(),
    });
    const on = async (backend: string, shape: number[], seed: number) => {
      await tf.setBackend(backend);
      const x = tf.randomUniform(shape, -9, 9, "int32", `${seed}`);
      const before = tf.memory().numDataBuffers;
      const result = tf.tidy(() => operation(tf.cast(x, "float32"), shape.at(-1) as number));
      const numbers = [...(await result.data())];
      const given = { shape: result.shape, dtype: result.dtype, numbers };
      result.dispose();
      const left = tf.memory().numDataBuffers - before;
      x.dispose();
      return { ...given, left };
    };
    await fc.assert(
      fc.asyncProperty(draw, async ({ shape, isOfSix, seed }) => {
        refused.length = 0;
        const own = isOfSix ? [...shape, 2] : shape;
        expect(await on("webgpu", own, seed)).toEqual(await on("cpu", own, seed));
        expect(refused).toEqual([]);
      }),
      { numRuns: 6 },
    );
  });
});
