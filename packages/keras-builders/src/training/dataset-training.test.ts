import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { callbacks, type History, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import * as layers from "../layers/layers.ts";
import { sgd } from "../optimizers/optimizers.ts";

const [B, T] = [4, 3];
/** Batches that keep 2 steps and 5: their mean is not the mean of all. */
const x = tf.tensor3d([
  ...[
    [[1], [0], [0]],
    [[2], [0], [0]],
  ],
  ...[
    [[1], [2], [3]],
    [[3], [1], [0]],
  ],
]);
const y = tf.tensor3d(
  Array.from({ length: B * T }, (_, i) => i % 5),
  [B, T, 1],
);

/** What tfjs-data makes, as tfjs-layers uses it. */
const dataset = {
  size: 2,
  async iterator() {
    let at = 0;
    return {
      async next() {
        if (at === B) return { value: null, done: true };
        const [xs, ys] = [x, y].map((each) => tf.slice(each, [at, 0, 0], [2, T, 1]));
        at += 2;
        return { value: { xs, ys }, done: false };
      },
    };
  },
};

function forecaster(learningRate = 0.1): LayersModel {
  const model = sequential({
    layers: [
      layers.masking({ inputShape: [T, 1] }),
      layers.lstm({ units: 2, returnSequences: true, seed: 1 }),
      layers.dense({ units: 1, seed: 2 }),
    ],
  });
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError", metrics: ["mae"] });
  return model;
}

const numbers = (values: tf.Scalar | tf.Scalar[]): number[] =>
  [values].flat().map((value) => value.dataSync()[0]!);

test("under a mask evaluateDataset gives evaluate's loss and metric", async () => {
  const model = forecaster();
  const before = tf.memory().numTensors;
  const whole = model.evaluate(x, y, { batchSize: 2 });
  const batches = (await model.evaluateDataset(dataset as never, {})) as tf.Scalar[];
  const [expected, got] = [numbers(whole), numbers(batches)];
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(expected[i]!, 6);
  const means = [0, 2].map((at) => {
    const [a, b] = [x, y].map((each) => tf.slice(each, [at, 0, 0], [2, T, 1]));
    return numbers(model.evaluate(a!, b!))[1]!;
  });
  expect(Math.abs((means[0]! + means[1]!) / 2 - got[1]!)).toBeGreaterThan(0.01);
  tf.dispose([whole, batches]);
  // The slices of the last lines and what evaluate made of them: none of evaluateDataset's is left.
  expect(tf.memory().numTensors - before).toBe(8);
});

test("under a mask fitDataset reports fit's losses and metrics, of its validation data too", async () => {
  const options = { epochs: 2, batchSize: 2, shuffle: false };
  const fitted = await forecaster().fit(x, y, { ...options, validationData: [x, y] });
  const model = forecaster();
  const streamed = await model.fitDataset(dataset as never, {
    epochs: 2,
    verbose: 0,
    validationData: dataset as never,
  });
  const curves = ({ history }: History) => Object.entries(history);
  expect(
    curves(streamed)
      .map(([name]) => name)
      .sort(),
  ).toEqual(
    curves(fitted)
      .map(([name]) => name)
      .sort(),
  );
  for (const [name, values] of curves(fitted)) {
    for (const [i, value] of values.entries()) {
      expect([name, i, streamed.history[name]![i]]).toEqual([
        name,
        i,
        expect.closeTo(value as number, 5),
      ]);
    }
  }
});

test("callbacks are objects of functions, tfjs-layers' own, or both in one list", async () => {
  const seen: string[] = [];
  const log = (what: string) => async () => void seen.push(what);
  const list = [
    { onEpochEnd: log("first") },
    callbacks.earlyStopping({ monitor: "loss", patience: 9 }),
    { onEpochEnd: log("second") },
  ] as never;
  await forecaster().fit(x, y, { epochs: 1, callbacks: list });
  await forecaster().fitDataset(dataset as never, { epochs: 1, verbose: 0, callbacks: list });
  expect(seen).toEqual(["first", "second", "first", "second"]);
});

test("a callback that nothing calls is refused, with the nearest", async () => {
  const given = { onEpochend: () => {} } as never;
  const message = "got onEpochend; did you mean onEpochEnd?";
  await expect(forecaster().fit(x, y, { callbacks: given })).rejects.toThrow(`fit: expected`);
  await expect(forecaster().fit(x, y, { callbacks: [given] as never })).rejects.toThrow(message);
  const training = { epochs: 1, callbacks: given };
  await expect(forecaster().fitDataset(dataset as never, training)).rejects.toThrow(message);
});

test("what stands behind the inputs of predictOnBatch is refused, and options of predict are read", () => {
  const model = forecaster();
  const predictOnBatch = model.predictOnBatch.bind(model) as (...args: unknown[]) => unknown;
  expect(() => predictOnBatch(x, { batchSize: 2 })).toThrow(
    "predictOnBatch: expected inputs and nothing else, got an object",
  );
  expect(() => model.predict(x, 32 as never)).toThrow("predict: expected an object of options");
  expect(() => model.predict(x, { batch_size: 2 } as never)).toThrow("did you mean batchSize?");
  expect((model.predict(x, { batchSize: 3 }) as tf.Tensor).shape).toEqual([B, T, 1]);
});
