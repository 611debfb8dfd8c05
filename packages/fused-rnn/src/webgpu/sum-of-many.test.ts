// Sums of more tensors than a program has buffers for.

import "@tensorflow/tfjs-backend-cpu";
import { hasDawn } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { useWebGPU } from "./refusals.fixture.ts";

describe.skipIf(!hasDawn)("addN (skipped without a Vulkan driver)", { timeout: 120_000 }, () => {
  const refused = useWebGPU();
  beforeAll(async () => {
    await tf.setBackend("webgpu");
  });

  test("as many tensors as one likes add up, and nothing is left over", async () => {
    const values: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: -99, max: 99 }), {
      minLength: 1,
      maxLength: 30,
    });
    const draw = fc.record({
      values,
      dtype: fc.constantFrom("float32" as const, "int32" as const),
      shape: fc.constantFrom([], [3], [2, 5]),
    });
    const eight = { values: [1, 2, 3, 4, 5, 6, 7, 8], dtype: "float32", shape: [] } as const;
    await fc.assert(
      fc.asyncProperty(draw, async ({ values, dtype, shape }) => {
        refused.length = 0;
        const before = tf.memory().numDataBuffers;
        const tensors = values.map((value) => tf.fill([...shape], value, dtype));
        const sum = tf.addN(tensors);
        const wanted = values.reduce((total, value) => total + value);
        expect(new Set(await sum.data())).toEqual(new Set([wanted]));
        expect([sum.dtype, sum.shape, refused]).toEqual([dtype, shape, []]);
        tf.dispose([sum, ...tensors]);
        expect(tf.memory().numDataBuffers).toBe(before);
      }),
      { numRuns: 40, examples: [[eight]] },
    );
  });
});
