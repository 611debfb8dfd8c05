// A file that is written while a training goes on is of the moment that it was asked for, all of it.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { adam, layers, rmsprop, setWholeSteps } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { afterEach, expect, test } from "vitest";
import { exportOnnx, loadKerasModel, loadWeights, saveKerasModel, saveWeights } from "./index.ts";

const x = () => tf.randomNormal([32, 4, 2], 0, 1, "float32", 1);
const y = () => tf.randomNormal([32, 1], 0, 1, "float32", 2);
const learningRate = 0.1;
const optimizers = {
  adam: () => adam({ learningRate }),
  rmsprop: () => rmsprop({ learningRate, momentum: 0.5 }),
};

function forecaster(optimizer: keyof typeof optimizers): LayersModel {
  const model = sequential({
    layers: [
      layers.bidirectional({ layer: layers.gru({ units: 3, seed: 1 }), inputShape: [4, 2] }),
      layers.dense({ units: 1, seed: 2 }),
    ],
  });
  model.compile({ optimizer: optimizers[optimizer](), loss: "mse" });
  return model;
}

const numbers = (model: LayersModel) => model.getWeights().map((w) => [...w.dataSync()]);
const state = async (model: LayersModel) =>
  (await model.optimizer.getWeights()).map(({ tensor }) => [...tensor.dataSync()]);

afterEach(() => setWholeSteps(true));

test.each([
  ["wasm", "adam", true],
  ["wasm", "rmsprop", false],
  ["cpu", "adam", false],
  ["cpu", "rmsprop", true],
] as const)("on %s, by %s, as a whole: %s", async (backend, optimizer, isWhole) => {
  await tf.setBackend(backend);
  setWholeSteps(isWhole);
  const model = forecaster(optimizer);
  const saving: Promise<Uint8Array>[] = [];
  let then: [weights: number[][], state: number[][]] | undefined;
  await model.fit(x(), y(), {
    ...{ epochs: 3, batchSize: 4, shuffle: false },
    callbacks: {
      onBatchEnd: async (batch) => {
        if (batch !== 3 || then) return;
        then = [numbers(model), await state(model)];
        // Not waited for: the training goes on.
        saving.push(
          ...[saveKerasModel(model), saveKerasModel(model, undefined, { format: "h5" })],
          ...[saveWeights(model), exportOnnx(model)],
        );
      },
    },
  });
  const [keras, h5, weights, onnx] = (await Promise.all(saving)) as [
    ...[Uint8Array, Uint8Array, Uint8Array, Uint8Array],
  ];
  const [expected, expectedState] = then!;
  expect(numbers(model)).not.toEqual(expected);
  const opened = await loadKerasModel(keras);
  expect(numbers(opened)).toEqual(expected);
  expect(await state(opened)).toEqual(expectedState);
  expect(numbers(await loadKerasModel(h5))).toEqual(expected);
  const filled = forecaster(optimizer);
  await loadWeights(filled, weights);
  expect(numbers(filled)).toEqual(expected);
  model.setWeights(opened.getWeights());
  expect([...(await exportOnnx(model))]).toEqual([...onnx]);
});

test("nothing is held once a file is written, or refused", async () => {
  const model = forecaster("adam");
  await model.fit(x(), y(), { epochs: 1 });
  await expectNoTensorLeak(async () => {
    await saveKerasModel(model);
    await exportOnnx(model);
    // In a tidy, which ends before the file is written.
    let saving: Promise<Uint8Array> | undefined;
    tf.tidy(() => {
      saving = saveWeights(model);
    });
    await saving;
  });
});
