// Two copies of this package over one tfjs, as two versions of it in a tree of dependencies give.
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test, vi } from "vitest";
import * as own from "./index.ts";

let other: typeof own;

beforeAll(async () => {
  await tf.setBackend("wasm");
  own.layers.lstm({ units: 1 });
  vi.resetModules();
  other = await import("./index.ts");
});

const x = () =>
  tf.tensor3d(
    [...Array(40).keys()].map((i) => (i % 5 < 3 ? Math.sin(i) : 0)),
    [4, 5, 2],
  );

/** Trains a model of layers of these copies, in turn, and says what each epoch cost. */
async function losses(...copies: (typeof own)[]) {
  const [first, second, third] = copies as [typeof own, typeof own, typeof own];
  const model = sequential({
    layers: [
      first.layers.masking({ inputShape: [5, 2] }),
      second.layers.lstm({ units: 3, returnSequences: true, seed: 1, kernelRegularizer: "l2" }),
      third.layers.gru({ units: 2, seed: 2 }),
      first.layers.dense({ units: 1, seed: 3 }),
    ],
  });
  model.compile({ optimizer: second.adam(), loss: "mse", metrics: ["mae"] });
  const options = { epochs: 2, batchSize: 3, shuffle: false, validationSplit: 0.25 };
  const { history } = await model.fit(x(), tf.ones([4, 1]), options);
  const evaluated = model.evaluate(x(), tf.ones([4, 1])) as tf.Scalar[];
  const batches = { size: 1, iterator: async () => [{ xs: x(), ys: tf.ones([4, 1]) }].values() };
  const streamed = await model.fitDataset(batches as never, { epochs: 1 });
  const last = await model.trainOnBatch(x(), tf.ones([4, 1]));
  return [
    ...Object.values(history),
    ...evaluated.map((v) => v.dataSync()[0]),
    streamed.history,
    last,
  ];
}

test("a model with layers of both trains as one of either", async () => {
  expect(other.layers.lstm).not.toBe(own.layers.lstm);
  const expected = await losses(own, own, own);
  expect(await losses(other, other, other)).toEqual(expected);
  for (const mixed of [
    [own, other, own],
    [other, own, own],
    [own, own, other],
    [other, own, other],
  ]) {
    expect(await losses(...mixed)).toEqual(expected);
  }
});

test("layers made in turn, by one copy and the other, cost no more the thousandth time", () => {
  for (let i = 0; i < 3000; i++) for (const copy of [own, other]) copy.layers.lstm({ units: 1 });
  const kept = tf.tidy(() =>
    tf.cast(tf.reverse(tf.clone(tf.tensor1d([1, 0])), 0), "bool").dataSync(),
  );
  expect([...kept]).toEqual([0, 1]);
});
