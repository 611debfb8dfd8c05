// The gradient of a maximum over windows, on the device.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { hasDawn } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { useWebGPU } from "./refusals.fixture.ts";

const size = (max: number) => fc.integer({ min: 1, max });

describe.skipIf(!hasDawn)("maxPool (skipped without a Vulkan driver)", { timeout: 120_000 }, () => {
  const refused = useWebGPU();

  test("the first of the largest of each window has its gradient, as on cpu", async () => {
    const draw = fc
      .record({
        ...{ B: size(2), height: size(6), width: size(6), C: size(3), stride: size(3) },
        ...{ k: size(3), l: size(3), pad: fc.constantFrom("same" as const, "valid" as const) },
        seed: fc.nat(),
      })
      .filter(({ height, width, k, l, pad }) => pad === "same" || (k <= height && l <= width));
    await fc.assert(
      fc.asyncProperty(draw, async ({ B, height, width, C, stride, k, l, pad, seed }) => {
        refused.length = 0;
        const got: number[][] = [];
        // Whole numbers, of which many are equal, made on cpu.
        for (const backend of ["cpu", "webgpu"]) {
          await tf.setBackend("cpu");
          const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, [k, l], stride, pad);
          const draws = (shape: number[], from: number) =>
            tf.floor(tf.randomUniform(shape, -3, 2, "float32", seed + from));
          const x = draws([B, height, width, C], 0);
          const dy = draws(pool(x).shape, 1);
          await tf.setBackend(backend);
          const dx = tf.grad(pool)(x, dy);
          got.push([...(await dx.data())]);
        }
        expect(got[1]).toEqual(got[0]);
        expect(refused).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
