import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { registerKernels } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { type layers as layersModule, sequential, layers as stock } from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import * as layers from "../layers/layers.ts";
import { lookupOf } from "./looked-up.ts";

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
const near = tolerances.lookups.gradients;

test("what an embedding gives is known for a lookup where nobody can ask for its gradient", () => {
  const [layer, tokens] = [embedding(), texts()];
  const outside = layer.apply(tokens) as tf.Tensor;
  const table = layer.embeddings!.read();
  expect(lookupOf(outside)?.ids).toBe(tokens);
  expect(lookupOf(outside)?.table).toBe(table);
  expect(lookupOf(tf.clone(outside))).toBeUndefined();
  tf.grad((x: tf.Tensor) => {
    expect(lookupOf(x)).toBeUndefined();
    const inside = layer.apply(tokens) as tf.Tensor;
    expect(lookupOf(inside)?.ids).toBe(tokens);
    tf.grad((y: tf.Tensor) => {
      expect(lookupOf(y)).toBeUndefined();
      return tf.sum(y);
    })(inside);
    return tf.sum(x);
  })(outside);
  tokens.dispose();
  expect(lookupOf(outside)).toBeUndefined();
});

test("vectors that were looked up before the table changed are no lookup in the new one", () => {
  const [layer, recurrent, tokens] = [embedding(), lstm(), texts()];
  const vectors = layer.apply(tokens) as tf.Tensor;
  const before = (recurrent.apply(vectors) as tf.Tensor).dataSync();
  layer.setWeights([tf.ones([words, 8])]);
  expect(lookupOf(vectors)).toBeUndefined();
  expect((recurrent.apply(vectors) as tf.Tensor).dataSync()).toEqual(before);
});

test("a gradient in the looked-up vectors themselves is each row's own", () => {
  const [table, layer] = [embedding(), lstm()];
  const vectors = table.apply(texts()) as tf.Tensor;
  const slope = (x: tf.Tensor) => tf.grad((y: tf.Tensor) => tf.sum(layer.apply(y) as tf.Tensor))(x);
  expect(slope(vectors).dataSync()).toEqual(slope(tf.clone(vectors)).dataSync());
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
  "one direction, then both": {
    layers: () => [
      lstm({ returnSequences: true }),
      layers.bidirectional({ layer: lstm({ seed: 3 }) }),
    ],
  },
  "under a mask": { layers: () => [lstm()], embedding: { maskZero: true } },
};
test.each(["two layers", "both directions", "one direction, then both", "under a mask"])(
  "tokens reach the operations: %s",
  async (name) => {
    const { layers: make, embedding: args } = cases[name]!;
    const model = sequential({ layers: [embedding({ inputLength: T, ...args }), ...make()] });
    const { kernels } = await tf.profile(() => model.apply(texts()) as tf.Tensor);
    const fused = kernels.filter((kernel) => kernel.name.startsWith("Fused"));
    expect(fused).toHaveLength(make().length);
    const given = args && "maskZero" in args ? 2 : 1;
    for (const { inputShapes } of fused) {
      expect(inputShapes.filter((shape) => `${shape}` === `${[B, T]}`)).toHaveLength(given);
    }
  },
);

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

test("behind a layer with dropout, whose rows have masks of their own, nothing is known", async () => {
  const [table, first, second] = [
    embedding(),
    lstm({ returnSequences: true, dropout: 0.5 }),
    lstm({ seed: 3 }),
  ];
  const told = async (training: boolean) => {
    const vectors = table.apply(texts()) as tf.Tensor;
    const between = first.apply(vectors, { training }) as tf.Tensor;
    const { kernels } = await tf.profile(() => second.apply(between) as tf.Tensor);
    const [{ inputShapes }] = kernels.filter(({ name }) => name === "FusedLSTM") as [
      (typeof kernels)[number],
    ];
    return inputShapes.some((shape) => `${shape}` === `${[B, T]}`);
  };
  expect(await told(false)).toBe(true);
  expect(await told(true)).toBe(false);
});

test("nothing is noted of variables, in a gradient of a gradient or in a custom gradient", () => {
  const table = embedding();
  const known = (tokens: tf.Tensor) => lookupOf(table.apply(tokens) as tf.Tensor);
  expect(known(texts())).toBeDefined();
  expect(known(tf.variable(texts()))).toBeUndefined();
  const found: unknown[] = [];
  const look = (x: tf.Tensor) => {
    found.push(known(texts()));
    return tf.sum(tf.square(x));
  };
  tf.grad((x: tf.Tensor) => tf.sum(tf.grad(look)(x)))(tf.ones([2]));
  tf.customGrad((x) => ({ value: look(x as tf.Tensor), gradFunc: (dy) => dy }))(tf.ones([2]));
  expect(found).toEqual([undefined, undefined]);
});

test("bool tokens are looked up like 0 and 1, and read", () => {
  const tokens = tf.tensor2d([true, false, false, true], [2, 2], "bool");
  const [table, layer] = [embedding(), lstm()];
  const read = (x: tf.Tensor) => (layer.apply(table.apply(x)) as tf.Tensor).dataSync();
  expect(read(tokens)).toEqual(read(tf.cast(tokens, "int32")));
});
