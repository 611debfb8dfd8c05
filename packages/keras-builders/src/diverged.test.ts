// A model whose numbers are none any more says so by its loss, on every backend and either way.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { afterEach, describe, expect, test } from "vitest";
import { layers, setWholeSteps, sgd } from "./index.ts";

const inputs = () => tf.ones([4, 3, 2]);
const row = (i: number) => [0, 1, 2].map((k) => Number(k === i % 3));
const targets: Record<string, () => tf.Tensor> = {
  numbers: () => tf.tensor2d([[0], [1], [1], [0]]),
  rows: () => tf.tensor2d([0, 1, 2, 3].map(row)),
  classes: () => tf.tensor2d([[0], [1], [2], [0]]),
};
type Row = [loss: string, units: number, activation: string, targets: string];
const rows: Row[] = [
  ["mse", 1, "linear", "numbers"],
  ["mae", 1, "relu", "numbers"],
  ["mape", 1, "linear", "numbers"],
  ["msle", 1, "relu", "numbers"],
  ["huber", 1, "linear", "numbers"],
  ["log_cosh", 1, "linear", "numbers"],
  ["hinge", 1, "tanh", "numbers"],
  ["squared_hinge", 1, "tanh", "numbers"],
  ["poisson", 1, "softplus", "numbers"],
  ["binary_crossentropy", 1, "sigmoid", "numbers"],
  ["categorical_crossentropy", 3, "softmax", "rows"],
  ["categorical_hinge", 3, "linear", "rows"],
  ["kl_divergence", 3, "softmax", "rows"],
  ["cosine_similarity", 3, "linear", "rows"],
  ["sparse_categorical_crossentropy", 3, "softmax", "classes"],
];

function model([loss, units, activation]: Row) {
  const made = sequential({
    layers: [
      layers.lstm({ units: 2, seed: 1, inputShape: [3, 2] }),
      layers.dense({ units, activation: activation as "relu", seed: 2 }),
    ],
  });
  made.compile({ optimizer: sgd(), loss });
  return made;
}

afterEach(() => setWholeSteps(true));

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test.each(rows)("%s", async (...given) => {
    await tf.setBackend(backend);
    for (const isWhole of [true, false]) {
      setWholeSteps(isWhole);
      const diverged = model(given);
      diverged.setWeights(diverged.getWeights().map((w) => tf.mul(w, Number.NaN)));
      const y = targets[given[3]]!();
      expect((diverged.evaluate(inputs(), y) as tf.Scalar).dataSync()[0]).toBeNaN();
      expect(await diverged.trainOnBatch(inputs(), y)).toBeNaN();
      expect([...(diverged.predict(inputs()) as tf.Tensor).dataSync()].every(Number.isNaN)).toBe(
        true,
      );
    }
  });
});
