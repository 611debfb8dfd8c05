// An optimizer keeps means and moments of the weights that it began with, and of no others.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { afterEach, describe, expect, test } from "vitest";
import { adam, layers, rmsprop, setWholeSteps, sgd } from "../index.ts";

const make = {
  adam: () => adam({ amsgrad: true }),
  "adam with a limit": () => adam({ clipnorm: 1 }),
  rmsprop: () => rmsprop({ momentum: 0.5, centered: true }),
  sgd: () => sgd({ momentum: 0.5 }),
};

/** Two layers of one shape, so that tfjs's places could be confused without a word. */
function model(): LayersModel {
  const dense = (seed: number) => layers.dense({ units: 3, seed });
  return sequential({
    layers: [layers.gru({ units: 3, seed: 1, inputShape: [2, 3] }), dense(2), dense(3), dense(4)],
  });
}
const compiled = (optimizer: tf.Optimizer, made = model()): LayersModel => {
  made.compile({ optimizer, loss: "mse" });
  return made;
};
const step = async (trained: LayersModel) => {
  const [x, y] = [tf.ones([2, 2, 3]), tf.ones([2, 3])];
  try {
    return await trained.trainOnBatch(x, y);
  } finally {
    tf.dispose([x, y]);
  }
};
const numbers = (trained: LayersModel) => trained.getWeights().map((w) => [...w.dataSync()]);

afterEach(() => setWholeSteps(true));

describe.each([
  ["wasm", true],
  ["wasm", false],
  ["cpu", true],
])("on %s, as a whole: %s", (backend, isWhole) => {
  test.each(Object.entries(make))(
    "%s: the weights of another model are refused, its own go on",
    async (_, optimizerOf) => {
      await tf.setBackend(backend);
      setWholeSteps(isWhole);
      const optimizer = optimizerOf();
      const first = compiled(optimizer);
      await step(first);
      const message = "optimizer: expected the weights that it began with";
      const other = compiled(optimizer);
      const frozen = first.layers[1]!;
      frozen.trainable = false;
      compiled(optimizer, first);
      for (const wrong of [other, first]) {
        const kept = numbers(wrong);
        await step(wrong).catch(() => {});
        await expectNoTensorLeak(() => expect(step(wrong)).rejects.toThrow(message));
        expect(numbers(wrong)).toEqual(kept);
      }
      // The same weights again are those that it knows.
      frozen.trainable = true;
      compiled(optimizer, first);
      const twin = compiled(optimizerOf());
      await step(twin);
      expect(await step(first)).toBe(await step(twin));
      expect(numbers(first)).toEqual(numbers(twin));
    },
  );
});

test("without slots there is nothing to confuse", async () => {
  const optimizer = sgd();
  const expected = await step(compiled(sgd()));
  for (const trained of [compiled(optimizer), compiled(optimizer)]) {
    expect(await step(trained)).toBe(expected);
  }
});
