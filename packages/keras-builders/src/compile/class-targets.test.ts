import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { afterEach, describe, expect, test } from "vitest";
import { layers, setWholeSteps } from "../index.ts";

const [B, T] = [2, 3];

/** Classes of steps, or of the last one. */
function model({ isSequence = false, isMasked = false } = {}) {
  const made = sequential({
    layers: [
      isMasked
        ? layers.masking({ inputShape: [T, 1] })
        : layers.dense({ units: 1, kernelInitializer: "ones", inputShape: [T, 1] }),
      layers.lstm({ units: 2, seed: 1, returnSequences: isSequence }),
      layers.dense({ units: 3, activation: "softmax", seed: 2 }),
    ],
  });
  made.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy", metrics: ["acc"] });
  return made;
}

const x = () => tf.tensor3d([1, 2, 0, 3, 4, 5], [B, T, 1]);
afterEach(() => setWholeSteps(true));

describe.each([
  ["wasm", true],
  ["wasm", false],
  ["cpu", true],
  ["cpu", false],
])("on %s, as a whole: %s", (backend, isWhole) => {
  test.each([Number.NaN, -1, 3, Number.POSITIVE_INFINITY])(
    "%d is no class of three: refused before a step is taken",
    async (stray) => {
      await tf.setBackend(backend);
      setWholeSteps(isWhole);
      const trained = model();
      const kept = trained.getWeights().map(String);
      const y = tf.tensor2d([[1], [stray]]);
      const batches = { iterator: async () => [{ xs: x(), ys: tf.clone(y) }].values() };
      const message = `to be class numbers from 0 to below 3, got ${stray}`;
      expect(() => trained.evaluate(x(), y)).toThrow(message);
      for (const run of [
        () => trained.trainOnBatch(x(), y),
        () => trained.fit(x(), y),
        () => trained.fitDataset(batches as never, { epochs: 1 }),
        () => trained.evaluateDataset(batches as never, {}),
      ]) {
        await expect(run()).rejects.toThrow(message);
      }
      expect(trained.getWeights().map(String)).toEqual(kept);
    },
  );

  test("a fraction is cut to its whole part, as in Keras", async () => {
    await tf.setBackend(backend);
    setWholeSteps(isWhole);
    const loss = (y: number[]) =>
      [model().evaluate(x(), tf.tensor2d(y, [B, 1]))].flat()[0]!.dataSync()[0];
    expect(loss([1.5, -0.5])).toBe(loss([1, 0]));
  });

  test("a step that a mask hides may have any", async () => {
    await tf.setBackend(backend);
    setWholeSteps(isWhole);
    const loss = (hidden: number, other = 0) => {
      const y = tf.tensor2d([0, 1, hidden, 2, other, 1], [B, T]);
      return [model({ isSequence: true, isMasked: true }).evaluate(x(), y)]
        .flat()[0]!
        .dataSync()[0];
    };
    expect(loss(0)).toBeGreaterThan(0);
    for (const hidden of [-1, 3, Number.NaN]) expect(loss(hidden)).toBe(loss(0));
    expect(() => loss(0, -1)).toThrow("got -1");
  });
});
