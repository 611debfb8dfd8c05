import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  model as functional,
  input,
  type LayersModel,
  type Sequential,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { accelerate } from "./accelerate.ts";
import * as layers from "./layers/layers.ts";
import { prepare } from "./prepare.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
  // Stock layers alone cannot even be built in Node.
  prepare();
});

type Layer = InstanceType<typeof stock.Layer>;
// biome-ignore lint/suspicious/noExplicitAny: options of several of tfjs's layers.
type Args = any;

const [B, T, I, H] = [4, 5, 3, 4];
const x = () => tf.randomUniform([B, T, I], -2, 2, "float32", 5);
const bias = { biasInitializer: "glorotNormal" };
const stockCells: Record<string, (args: Args) => Layer> = {
  simpleRNN: stock.simpleRNN,
  lstm: stock.lstm,
  gru: stock.gru,
};
const names = Object.keys(stockCells);
const close = (got: tf.Tensor, want: tf.Tensor, atol = 1e-6) => {
  expect(got.shape).toEqual(want.shape);
  expect(got.dataSync()).toBeAllclose(want.dataSync(), { rtol: 0, atol, ofLargest: atol });
};
const outputs = (model: LayersModel, input: tf.Tensor) =>
  [model.predict(input, { batchSize: B })].flat() as tf.Tensor[];

const variants: Record<string, Args> = {
  "as tfjs makes it, with hardSigmoid": {},
  sigmoid: { recurrentActivation: "sigmoid" },
  "sequences, backwards": { returnSequences: true, goBackwards: true },
  "relu and softsign, no bias": {
    activation: "relu",
    recurrentActivation: "softsign",
    useBias: false,
  },
  "hardSigmoid at the end": { activation: "hardSigmoid" },
  swish: { activation: "swish" },
};

test.each(
  names.flatMap((name) => Object.keys(variants).map((variant) => [name, variant] as const)),
)("stock %s, %s: the same predictions before and after", (name, variant) => {
  const layer = stockCells[name]!({ units: H, ...bias, inputShape: [T, I], ...variants[variant] });
  const model = sequential({ layers: [layer] });
  const before = outputs(model, x());
  const { swapped, left, model: same } = accelerate(model);
  expect(same).toBe(model);
  const { activation } = variants[variant];
  if (activation === "swish") {
    expect(swapped).toEqual([]);
    expect(left).toEqual([{ name: layer.name, reason: expect.stringContaining(activation) }]);
  } else {
    expect({ swapped, left }).toEqual({ swapped: [layer.name], left: [] });
  }
  for (const [i, y] of outputs(model, x()).entries()) close(y, before[i]!);
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test.each(names)(
  "stock %s behind a mask, in both directions and stacked, stays as it was",
  (name) => {
    const make = stockCells[name]!;
    const model = sequential({
      layers: [
        stock.embedding({ inputDim: 9, outputDim: 3, maskZero: true, inputLength: T }),
        stock.bidirectional({ layer: make({ units: H, ...bias, returnSequences: true }) as Args }),
        make({ units: 3, ...bias }),
      ],
    });
    const tokens = tf.tensor2d(
      [0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 6, 0, 7, 8, 0, 0, 0, 0, 0],
      [B, T],
    );
    const [before] = outputs(model, tokens);
    expect(accelerate(model).swapped).toEqual(model.layers.slice(1).map((layer) => layer.name));
    close(outputs(model, tokens)[0]!, before!);
  },
);

test.each(names)("stock %s, stateful, carries on and no longer leaks", async (name) => {
  const args = { units: H, ...bias, stateful: true, batchInputShape: [B, T, I], seed: 1 };
  const model = sequential({ layers: [stockCells[name]!(args)] });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const steps = () => [0, 1, 2].map(() => outputs(model, x())[0]!);
  const before = steps();
  model.resetStates();
  accelerate(model);
  for (const [i, y] of steps().entries()) close(y, before[i]!);
  const [input, target] = [x(), tf.zeros([B, H])];
  await expectNoTensorLeak(() => model.fit(input, target, { batchSize: B, epochs: 3, verbose: 0 }));
});

test.each([
  ["simpleRNN", layers.simpleRNN, {}],
  ["lstm", layers.lstm, { recurrentActivation: "sigmoid", unitForgetBias: true }],
  [
    "gru",
    (args: Args) => layers.gru({ ...args, resetAfter: false }),
    { recurrentActivation: "sigmoid" },
  ],
] as const)("stock %s and ours predict the same from the same weights", (name, make, options) => {
  const args = { units: H, returnSequences: true, returnState: true };
  const [theirs, ours] = [stockCells[name]!({ ...args, ...options, ...bias }), make(args)];
  const mask = tf.cast(tf.greater(tf.randomUniform([B, T], 0, 1, "float32", 2), 0.3), "bool");
  const state = (theirs.apply(x()) as tf.Tensor[]).slice(1);
  ours.apply(x());
  ours.setWeights(theirs.getWeights());
  for (const kwargs of [{}, { mask }, { initialState: state }]) {
    const want = theirs.apply(x(), { ...kwargs }) as tf.Tensor[];
    const got = ours.apply(x(), { ...kwargs }) as tf.Tensor[];
    for (const [i, y] of got.entries()) close(y, want[i]!);
  }
});

test.each(names)("stock %s with symbolic initial states starts from them as before", (name) => {
  const layer = stockCells[name]!({ units: H, returnState: true, ...bias });
  const { cell } = layer as Layer & { cell: { stateSize: number | number[] } };
  const states = [cell.stateSize].flat().length;
  const inputs = [
    input({ shape: [T, I] }),
    ...Array.from({ length: states }, () => input({ shape: [H] })),
  ];
  const model = functional({ inputs, outputs: layer.apply(inputs) as SymbolicTensor[] });
  const given = [x(), tf.ones([B, H]), tf.fill([B, H], -2)].slice(0, 1 + states);
  const before = model.predict(given) as tf.Tensor[];
  expect(accelerate(model).swapped).toEqual([layer.name]);
  for (const [i, y] of (model.predict(given) as tf.Tensor[]).entries()) close(y, before[i]!);
});

test("a stock model in training goes on with the same losses, its optimizer's moments kept", async () => {
  const make = (): Sequential => {
    const model = sequential({
      layers: [
        stock.bidirectional({
          layer: stock.lstm({ units: H, returnSequences: true }) as Args,
          inputShape: [T, I],
        }),
        stock.gru({ units: H }),
        stock.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.01), loss: "meanSquaredError" });
    return model;
  };
  const [plain, fast] = [make(), make()];
  fast.setWeights(plain.getWeights());
  const y = tf.randomUniform([B, 1], -1, 1, "float32", 6);
  const train = async (model: Sequential, steps: number) => {
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) losses.push((await model.trainOnBatch(x(), y)) as number);
    return losses;
  };
  expect(await train(fast, 3)).toEqual(await train(plain, 3));
  const [weights, config] = [fast.weights.map((w) => w.read()), JSON.stringify(fast.toJSON())];
  expect(accelerate(fast).swapped).toHaveLength(2);
  expect(await train(fast, 6)).toBeAllclose(await train(plain, 6), { atol: 1e-5 });
  for (const [i, w] of fast.weights.entries()) expect(w.read()).toBe(weights[i]);
  expect(JSON.stringify(fast.toJSON())).toBe(config);
});

test("dropout is drawn anew for every training call, and not in inference", () => {
  const layer = stock.lstm({ units: H, dropout: 0.5, recurrentDropout: 0.5, inputShape: [T, I] });
  const model = sequential({ layers: [layer] });
  const before = model.predict(x()) as tf.Tensor;
  accelerate(model);
  const train = () => model.apply(x(), { training: true }) as tf.Tensor;
  expect(train().dataSync()).not.toEqual(train().dataSync());
  close(model.predict(x()) as tf.Tensor, before);
});

test("nested models and TimeDistributed are reached; a second call finds nothing", () => {
  const inner = sequential({
    layers: [stock.lstm({ units: 2, inputShape: [T, I], name: "inner" })],
  });
  const wrapped = stock.simpleRNN({ units: 2, name: "wrapped" });
  const model = sequential({
    layers: [stock.timeDistributed({ layer: wrapped, inputShape: [2, T, I] })],
  });
  const outer = sequential({ layers: [inner, stock.dense({ units: 1 })] });
  const input = tf.randomUniform([B, 2, T, I], -1, 1, "float32", 3);
  const before = model.predict(input) as tf.Tensor;
  expect([accelerate(outer).swapped, accelerate(model).swapped]).toEqual([["inner"], ["wrapped"]]);
  close(model.predict(input) as tf.Tensor, before);
  expect([accelerate(outer).swapped, accelerate(model).left]).toEqual([[], []]);
});

const stacks: Record<string, (args: object) => Args> = {
  "an LSTM's cell": (args) => stock.lstmCell({ units: H, ...bias, ...args }),
  "a stack of cells": (args) => [
    stock.lstmCell({ units: 3, ...bias, ...args }),
    stock.simpleRNNCell({ units: 2, ...bias }),
    stock.gruCell({ units: H, ...bias }),
  ],
};

test.each(Object.keys(stacks))(
  "stock RNN over %s: the same numbers, states in tfjs's order, masked and stateful",
  async (name) => {
    for (const args of [
      { returnState: true },
      { goBackwards: true, returnSequences: true, returnState: true },
      { stateful: true, returnSequences: true },
    ]) {
      const cell = stacks[name]!({});
      const rnn = stock.rnn({ cell, name: "rnn", ...args }) as Layer;
      const at = input({ batchShape: [B, T, I] });
      const mask = args.stateful ? at : stock.masking({ maskValue: 0 }).apply(at);
      const model = functional({ inputs: at, outputs: rnn.apply(mask as SymbolicTensor) as Args });
      const holes = tf.tensor3d([1, 0, 1, 1, 0], [1, T, 1]);
      const given = args.stateful ? x() : tf.mul(x(), holes);
      const before = [0, 1].map(() => outputs(model, given));
      if (args.stateful) model.resetStates();
      expect(accelerate(model)).toMatchObject({ swapped: ["rnn"], left: [] });
      for (const want of before) {
        for (const [i, got] of outputs(model, given).entries()) close(got, want[i]!);
      }
      await expectNoTensorLeak(() => tf.dispose(model.predict(given, { batchSize: B })));
    }
  },
);

test("stock RNN over cells starts from symbolic states as before, the last cell's first", () => {
  const rnn = stock.rnn({ cell: stacks["a stack of cells"]!({}), returnState: true });
  const inputs = [[T, I], [H], [2], [3], [3]].map((shape) => input({ shape }));
  const model = functional({ inputs, outputs: rnn.apply(inputs as never) as SymbolicTensor[] });
  const given = [x(), ...[H, 2, 3, 3].map((n, i) => tf.randomUniform([B, n], -1, 1, "float32", i))];
  const before = model.predict(given) as tf.Tensor[];
  expect(accelerate(model).swapped).toEqual([rnn.name]);
  for (const [i, got] of (model.predict(given) as tf.Tensor[]).entries()) close(got, before[i]!);
});

test("stock RNN over cells learns the same", async () => {
  const [slow, fast] = [0, 1].map(() => {
    const rnn = stock.rnn({ cell: stacks["a stack of cells"]!({}), inputShape: [T, I] });
    return sequential({ layers: [rnn as Layer] });
  }) as [Sequential, Sequential];
  fast.setWeights(slow.getWeights());
  expect(accelerate(fast).swapped).toHaveLength(1);
  for (const model of [slow, fast]) {
    model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
    await model.trainOnBatch(x(), tf.zeros([B, H]));
  }
  for (const [i, w] of slow.getWeights().entries()) close(fast.getWeights()[i]!, w);
});

test("what would change its numbers is left and runs as before; our own layers are not listed", () => {
  const cell = [layers.lstmCell({ units: 2 }) as Args, stock.gruCell({ units: 2 })];
  const dropping = stock.lstmCell({ units: 2, dropout: 0.5 });
  const args = { returnSequences: true };
  const model = sequential({
    layers: [
      stock.rnn({ cell, name: "cells", inputShape: [T, I], ...args }) as Layer,
      stock.rnn({ cell: dropping, name: "masks", ...args }) as Layer,
      stock.gru({ units: 2, recurrentDropout: 0.5, name: "dropping", ...args }),
      stock.simpleRNN({ units: 2, activation: "softmax", name: "softmax", ...args }),
      layers.bidirectional({ layer: layers.lstm({ units: 2, ...args }) }),
      layers.gru({ units: 2 }),
    ],
  });
  const before = model.predict(x()) as tf.Tensor;
  const { swapped, left } = accelerate(model);
  expect(swapped).toEqual([]);
  expect(left).toEqual([
    {
      name: "cells",
      reason: "RNN has cells that are not tfjs-layers' SimpleRNN's, LSTM's or GRU's",
    },
    { name: "masks", reason: "tfjs-layers' RNN drops in every call what it dropped in the first" },
    { name: "dropping", reason: expect.stringContaining("recurrentDropout") },
    { name: "softmax", reason: "activation softmax is not one of the fused ones" },
  ]);
  close(model.predict(x()) as tf.Tensor, before, 0);
});
