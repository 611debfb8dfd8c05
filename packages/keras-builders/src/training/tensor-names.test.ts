// What goes into a model is tensors of numbers, in use, with something in them.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { layers, setWholeSteps } from "../index.ts";

beforeEach(() => tf.setBackend("wasm"));
afterEach(() => setWholeSteps(true));

type Tensors = [x: tf.Tensor, y: tf.Tensor];
const x = () => tf.ones([2, 3, 1]);
const y = () => tf.ones([2, 1]);
const disposed = (tensor: tf.Tensor): tf.Tensor => {
  tensor.dispose();
  return tensor;
};

type Row = [name: string, given: () => Tensors, message: string, isOfInputs: boolean];
const rows: Row[] = [
  ["inputs that were disposed", () => [disposed(x()), y()], "got one that was disposed", true],
  ["targets that were disposed", () => [x(), disposed(y())], "got one that was disposed", false],
  ["texts", () => [tf.tensor(Array(6).fill("a"), [2, 3, 1], "string"), y()], "got string", true],
  [
    "texts for targets",
    () => [x(), tf.tensor2d([["a"], ["b"]], [2, 1], "string")],
    "got string",
    false,
  ],
  [
    "no examples",
    () => [tf.ones([0, 3, 1]), tf.ones([0, 1])],
    "expected at least one example",
    true,
  ],
  [
    "no steps",
    () => [tf.ones([2, 0, 1]), y()],
    "expected examples without empty axes, got [2, 0, 1]",
    true,
  ],
];

describe.each([true, false])("as a whole: %s", (isWhole) => {
  test.each(rows)("%s are refused by every function", async (_, given, message, isOfInputs) => {
    setWholeSteps(isWhole);
    const model = sequential({
      layers: [
        layers.globalAveragePooling1d({ inputShape: [null as never, 1] }),
        layers.dense({ units: 1, seed: 1 }),
      ],
    });
    model.compile({ optimizer: "sgd", loss: "mse" });
    const batches = () => ({
      iterator: async () => {
        const [xs, ys] = given();
        return [{ xs, ys }].values();
      },
    });
    await expectNoTensorLeak(async () => {
      for (const run of [
        (x: tf.Tensor, y: tf.Tensor) => model.fit(x, y),
        (x: tf.Tensor, y: tf.Tensor) => model.trainOnBatch(x, y),
        async (x: tf.Tensor, y: tf.Tensor) => model.evaluate(x, y),
        async () => model.fitDataset(batches() as never, { epochs: 1 }),
        async () => model.evaluateDataset(batches() as never, {}),
      ]) {
        const tensors = given();
        await expect(run(...tensors)).rejects.toThrow(message);
        tf.dispose(tensors);
      }
      const [only, target] = given();
      if (isOfInputs) {
        expect(() => model.predict(only)).toThrow(message);
        expect(() => model.predictOnBatch(only)).toThrow(message);
      }
      tf.dispose([only, target]);
    });
  });
});
