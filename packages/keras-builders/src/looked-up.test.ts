import "@tensorflow/tfjs-backend-wasm";
import { registerKernels } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { type layers as layersModule, sequential, layers as stock } from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import * as layers from "./layers.ts";
import { tokensOf } from "./looked-up.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
  registerKernels();
});

const [B, T, words, units] = [12, 10, 20, 9];
/** Short texts behind padding. */
const texts = () =>
  tf.tensor2d(
    Array.from({ length: B }, (_, b) =>
      Array.from({ length: T }, (_, t) => (t < (b * 5) % T ? 0 : 1 + ((b + 3 * t) % (words - 1)))),
    ),
  );
const embedding = (args = {}) =>
  layers.embedding({ inputDim: words, outputDim: 8, seed: 1, ...args });
const lstm = (args = {}) => layers.lstm({ units, seed: 2, ...args });
const near = { rtol: 0, ofLargest: 2e-6 };

test("what an embedding gives is known for a lookup where nobody can ask for its gradient", () => {
  const [table, tokens] = [embedding(), texts()];
  const outside = table.apply(tokens) as tf.Tensor;
  expect(tokensOf(outside)).toEqual({ tokens, lookedUp: true });
  expect(tokensOf(tf.clone(outside))).toBeUndefined();
  tf.grad((x: tf.Tensor) => {
    expect(tokensOf(x)).toBeUndefined();
    const inside = table.apply(tokens) as tf.Tensor;
    expect(tokensOf(inside)).toEqual({ tokens, lookedUp: true });
    tf.grad((y: tf.Tensor) => {
      expect(tokensOf(y)).toBeUndefined();
      return tf.sum(y);
    })(inside);
    return tf.sum(x);
  })(outside);
  tokens.dispose();
  expect(tokensOf(outside)).toBeUndefined();
});

test("a gradient in the looked-up vectors themselves is each row's own", () => {
  const [table, layer] = [embedding(), lstm()];
  const vectors = table.apply(texts()) as tf.Tensor;
  const slope = (x: tf.Tensor) => tf.grad((y: tf.Tensor) => tf.sum(layer.apply(y) as tf.Tensor))(x);
  expect(slope(vectors).dataSync()).toEqual(slope(tf.clone(vectors)).dataSync());
});

test("tokens reach the operations of all layers that follow their beginnings", async () => {
  const [table, first, second] = [embedding(), lstm({ returnSequences: true }), lstm()];
  const tokens = texts();
  const run = () => second.apply(first.apply(table.apply(tokens))) as tf.Tensor;
  const { kernels } = await tf.profile(run);
  const shapes = kernels.filter(({ name }) => name === "FusedLSTM").map((k) => k.inputShapes);
  expect(shapes).toEqual([expect.arrayContaining([[B, T]]), expect.arrayContaining([[B, T]])]);
});

interface Case {
  layers: () => layersModule.Layer[];
  embedding?: object;
}
const cases: Record<string, Case> = {
  "one layer": { layers: () => [lstm()] },
  "two layers": { layers: () => [lstm({ returnSequences: true }), lstm({ seed: 3 })] },
  "a GRU that is read backwards": {
    layers: () => [layers.gru({ units, seed: 4, goBackwards: true })],
  },
  "both directions": { layers: () => [layers.bidirectional({ layer: lstm() })] },
  "under a mask": { layers: () => [lstm()], embedding: { maskZero: true } },
};
test.each(Object.entries(cases))(
  "%s: training on padded texts gives the losses of working out every row",
  async (_, { layers: make, embedding: args }) => {
    const tokens = texts();
    const labels = tf.tensor2d(Array.from({ length: B }, (_, b) => [b % 2]));
    const losses = async (apart: boolean) => {
      const model = sequential();
      model.add(embedding({ inputLength: T, ...args }));
      // The same numbers in a tensor of which nobody knows that they were looked up.
      if (apart) model.add(stock.activation({ activation: "linear" }));
      for (const layer of make()) model.add(layer);
      model.add(layers.dense({ units: 1, activation: "sigmoid", kernelInitializer: "ones" }));
      model.compile({ optimizer: tf.train.sgd(0.5), loss: "binaryCrossentropy" });
      const seen: number[] = [];
      for (let step = 0; step < 8; step++) {
        seen.push((await model.trainOnBatch(tokens, labels)) as number);
      }
      return seen;
    };
    expect(await losses(false)).toBeAllclose(await losses(true), near);
  },
);
