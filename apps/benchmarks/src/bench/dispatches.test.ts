// What a training step dispatches on tfjs's WebGPU backend.

import "@tensorflow/tfjs-backend-cpu";
import { buildSentimentClassifier, layers, sgd } from "@rnnkit/keras-builders";
import { registerWebGPUKernels } from "@rnnkit/keras-builders/webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { hasDawn, startWebGPU } from "../../../../packages/fused-rnn/src/webgpu/dawn.fixture.ts";
import { countDispatches } from "./dispatches.ts";

const sizes = { vocabSize: 9, maxLen: 6, embeddingDim: 3, units: 4, seed: 1 };

function classesModel(): Sequential {
  const model = sequential({
    layers: [
      layers.embedding({ inputDim: 9, outputDim: 3, inputLength: 6, seed: 1 }),
      layers.lstm({ units: 4, seed: 2 }),
      layers.dense({ units: 3, activation: "softmax", seed: 3 }),
    ],
  });
  const optimizer = sgd({ momentum: 0.9 });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

// A program takes a software driver up to a second to compile.
const isSlow = { timeout: 120_000 };

describe.skipIf(!hasDawn)("dispatches (skipped without a Vulkan driver)", isSlow, () => {
  beforeAll(async () => {
    await startWebGPU();
    registerWebGPUKernels();
    await tf.setBackend("webgpu");
  });

  test.each([
    // At most 20 in fit.
    ["the sentiment model", () => buildSentimentClassifier("lstm", sizes), 18],
    ["a softmax head", classesModel, 20],
  ])("a step of %s is at most so many, and in fit two more", async (_, make, most) => {
    const model = make();
    const x = tf.tensor2d(
      Array.from({ length: 24 }, (_, i) => i % 7),
      [4, 6],
    );
    const y = tf.tensor2d([0, 1, 1, 0], [4, 1]);
    const fit = (batchSize: number) => model.fit(x, y, { epochs: 1, batchSize, verbose: 0 });
    await fit(2);
    const { length } = await countDispatches(() => model.trainOnBatch(x, y));
    expect(length).toBeLessThanOrEqual(most);
    // Two batches less one: what an epoch itself does is in both.
    const [one, two] = [await countDispatches(() => fit(4)), await countDispatches(() => fit(2))];
    expect(two.length - one.length).toBe(length + 2);
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
    const failing = countDispatches(() => {
      throw new Error("a step that fails");
    });
    await expect(failing).rejects.toThrow("a step that fails");
    expect(GPUComputePassEncoder.prototype.dispatchWorkgroups).toBe(dispatchWorkgroups);
  });
});
