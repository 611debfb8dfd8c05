import "@tensorflow/tfjs-backend-cpu";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { constraints, regularizers, type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { sgd } from "../optimizers/optimizers.ts";
import * as layers from "./layers.ts";

const compiled = (layer: Parameters<typeof sequential>[0]): Sequential => {
  const model = sequential(layer);
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
  return model;
};
const [x, y] = [tf.ones([2, 1]), tf.zeros([2, 1])];

test("its constraints hold after every step, and leave weights that are set", async () => {
  const dense = layers.dense({
    ...{ units: 1, inputShape: [1] },
    kernelConstraint: constraints.maxNorm({ maxValue: 0.5, axis: 0 }),
    biasConstraint: "nonNeg",
  });
  const model = compiled({ layers: [dense] });
  model.setWeights([tf.tensor2d([[2]]), tf.tensor1d([0])]);
  expect(dense.getWeights()[0]!.dataSync()).toBeAllclose([2]);
  await model.trainOnBatch(x, y); // loss = (w + b)², so w and b both step by -0.1·2·2
  expect(dense.getWeights()[0]!.dataSync()).toBeAllclose([0.5]);
  expect(dense.getWeights()[1]!.dataSync()).toBeAllclose([0]);
});

test("its regularizers go by Keras's names, and its outputs' cost is in the loss", async () => {
  const dense = layers.dense({
    ...{ units: 1, inputShape: [1], useBias: false },
    ...{ kernelRegularizer: "l2", activityRegularizer: regularizers.l2({ l2: 0.5 }) },
  });
  expect(dense.getConfig().activityRegularizer).toEqual({
    className: "L1L2",
    config: { l1: 0, l2: 0.5 },
  });
  const model = compiled({ layers: [dense] });
  model.setWeights([tf.tensor2d([[2]])]);
  const loss = () => model.trainOnBatch(x, y) as Promise<number>;
  // w² + 0.01·w² + 0.5·(w² + w²)/2 = 1.51·w², with gradient 3.02·w
  expect([await loss()]).toBeAllclose([1.51 * 4]);
  expect(dense.getWeights()[0]!.dataSync()).toBeAllclose([2 - 0.1 * 3.02 * 2]);
  await expectNoTensorLeak(async () => void (await loss()));
});
