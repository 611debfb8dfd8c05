// What a training step dispatches on tfjs's WebGPU backend: the CPU's talk with the device, which at the tutorial's
// sizes costs more than the work.

import "@tensorflow/tfjs-backend-cpu";
import { buildSentimentClassifier } from "@rnnkit/keras-builders";
import { registerWebGPUKernels } from "@rnnkit/keras-builders/webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { hasDawn, startWebGPU } from "../../../../packages/fused-rnn/src/webgpu/dawn.fixture.ts";
import { countDispatches } from "./dispatches.ts";

describe.skipIf(!hasDawn)("dispatches (skipped without a Vulkan driver)", () => {
  beforeAll(async () => {
    await startWebGPU();
    registerWebGPUKernels();
    await tf.setBackend("webgpu");
  });

  test("a step of the sentiment model, by trainOnBatch and in fit, has at most 20", async () => {
    const model = buildSentimentClassifier("lstm", {
      ...{ vocabSize: 9, maxLen: 6, embeddingDim: 4, units: 4, seed: 1 },
    });
    const x = tf.tensor2d(
      Array.from({ length: 24 }, (_, i) => i % 7),
      [4, 6],
    );
    const y = tf.tensor2d([0, 1, 1, 0], [4, 1]);
    const fit = (batchSize: number) => model.fit(x, y, { epochs: 1, batchSize, verbose: 0 });
    await fit(2);
    expect((await countDispatches(() => model.trainOnBatch(x, y))).length).toBeLessThanOrEqual(20);
    const [one, two] = [await countDispatches(() => fit(4)), await countDispatches(() => fit(2))];
    expect(two.length - one.length).toBeLessThanOrEqual(20);
    model.dispose();
    tf.dispose([x, y]);
  });

  test("they are listed in their order, and counting ends with the step", async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const labels = await countDispatches(async () => {
      await tf.add(tf.sin(x), 1).data();
    });
    expect(labels).toEqual(["UnaryOpProgram", "BinaryOpProgram"]);
    const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
    await expect(
      countDispatches(() => {
        throw new Error("a step that fails");
      }),
    ).rejects.toThrow("a step that fails");
    expect(GPUComputePassEncoder.prototype.dispatchWorkgroups).toBe(dispatchWorkgroups);
  });
});
