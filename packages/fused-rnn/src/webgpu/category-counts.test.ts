// Counts of categories on the device.

import "@tensorflow/tfjs-backend-cpu";
import { hasDawn } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { useWebGPU } from "./refusals.fixture.ts";

const size = 5;

describe.skipIf(!hasDawn)("categories (skipped without a Vulkan driver)", () => {
  const refused = useWebGPU();
  beforeAll(async () => {
    await tf.setBackend("webgpu");
  });

  test("each is counted, weighed or told to be there, and those beyond are left out", async () => {
    const draw = fc.record({
      rows: fc.integer({ min: 1, max: 40 }).chain((columns) =>
        fc.array(
          fc.array(fc.integer({ min: 0, max: size + 1 }), {
            minLength: columns,
            maxLength: columns,
          }),
          { minLength: 1, maxLength: 4 },
        ),
      ),
      isOne: fc.boolean(),
      weights: fc.constantFrom("none" as const, "float32" as const, "int32" as const),
      binary: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(draw, async ({ rows, isOne, weights, binary }) => {
        refused.length = 0;
        const given = isOne ? rows.slice(0, 1) : rows;
        const weightOf = (r: number, c: number) => (weights === "none" ? 1 : r - 2 * c);
        const wanted = given.flatMap((row, r) => {
          const sums = Array<number>(size).fill(0);
          for (const [c, id] of row.entries()) {
            if (id < size) sums[id] = binary ? 1 : sums[id] + weightOf(r, c);
          }
          return sums;
        });
        const shape = isOne ? [given[0].length] : [given.length, given[0].length];
        const numbers = given.flatMap((row, r) => row.map((_, c) => weightOf(r, c)));
        const w = weights === "none" ? tf.tensor1d([]) : tf.tensor(numbers, shape, weights);
        const x = tf.tensor(given.flat(), shape, "int32");
        const counts = tf.denseBincount(x as tf.Tensor2D, w as tf.Tensor2D, size, binary);
        expect([...(await counts.data())]).toEqual(wanted);
        expect([counts.dtype, refused]).toEqual([w.dtype, []]);
        tf.dispose([x, w, counts]);
      }),
      { numRuns: 30 },
    );
  });
});
