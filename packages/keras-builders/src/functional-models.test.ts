// Models with masks and states in them, against Keras's numbers.

import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  type SymbolicTensor,
  sequential,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import * as layers from "./layers/layers.ts";

beforeAll(() => tf.setBackend("wasm").then(() => {}));

/** 0.5·sin(k·(j + 1)), element j, so that Keras can be given the same. */
const wave = (shape: number[], k: number) =>
  tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, (_, j) => 0.5 * Math.sin(k * (j + 1))),
    shape,
  );
const tokens = () => tf.tensor2d([1, 2, 3, 0, 0, 0, 3, 1, 0, 2], [2, 5], "int32");
const embedding = () => layers.embedding({ inputDim: 4, outputDim: 3, maskZero: true });
const perStep = () => layers.timeDistributed({ layer: layers.dense({ units: 1 }) });
const symbolic = (y: unknown) => y as SymbolicTensor;

/*
 * The numbers below are those of Keras 3.15.1 on TensorFlow 2.21, for the same layers with weight j set to
 * wave(0.7 + j/10): m.predict(...), and m.train_on_batch(...) four times with SGD(0.5) and "mse".
 */
type Loss = Parameters<LayersModel["compile"]>[0]["loss"];
function ready(model: LayersModel, loss: Loss = "meanSquaredError"): LayersModel {
  model.setWeights(model.getWeights().map(({ shape }, j) => wave(shape, 0.7 + 0.1 * j)));
  model.compile({ optimizer: tf.train.sgd(0.5), loss });
  return model;
}
async function losses(model: LayersModel, inputs: tf.Tensor[], y: tf.Tensor): Promise<number[]> {
  const got: number[] = [];
  for (let step = 0; step < 4; step++) {
    got.push((await model.trainOnBatch(inputs, y)) as number);
  }
  return got;
}
const close = tolerances.layers.models;

function encoderDecoder(): LayersModel {
  const [source, target] = [input({ shape: [null] }), input({ shape: [null, 2] })];
  const encoder = layers.lstm({ units: 2, returnState: true });
  const [, h, c] = encoder.apply(embedding().apply(source)) as SymbolicTensor[];
  const decoder = layers.lstm({ units: 2, returnSequences: true });
  const outputs = symbolic(perStep().apply(decoder.apply(target, { initialState: [h!, c!] })));
  return ready(stockModel({ inputs: [source, target], outputs }));
}

test("an encoder's states, of masked tokens, start a decoder: Keras's predictions and losses", async () => {
  const model = encoderDecoder();
  const inputs = [tokens(), wave([2, 3, 2], 1.1)];
  const got = (model.predict(inputs) as tf.Tensor).dataSync();
  expect(got).toBeAllclose(
    [
      ...[0.4743850529193878, 0.48825639486312866, 0.5454922914505005],
      ...[0.5185311436653137, 0.5127532482147217, 0.5580554008483887],
    ],
    close,
  );
  expect(await losses(model, inputs, wave([2, 3, 1], 0.9))).toBeAllclose(
    [0.4265383183956146, 0.15883715450763702, 0.1572902947664261, 0.15664665400981903],
    close,
  );
});

test("its training and predictions leave nothing behind, in tfjs or in the engine", async () => {
  const model = encoderDecoder();
  const [inputs, y] = [[tokens(), wave([2, 3, 2], 1.1)], wave([2, 3, 1], 0.9)];
  await expectNoTensorLeak(async () => {
    await model.fit(inputs, y, { epochs: 2, verbose: 0 });
    tf.dispose(model.predict(inputs));
  });
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test("a mask and a symbolic initial state: masked steps are passed over, the first puts out 0", () => {
  const [x, state] = [input({ shape: [null, 2] }), input({ shape: [2] })];
  const gru = layers.gru({ units: 2, returnSequences: true });
  const inputs = [symbolic(layers.masking().apply(x)), state];
  const model = ready(
    stockModel({ inputs: [x, state], outputs: gru.apply(inputs) as SymbolicTensor }),
  );
  const values = wave([2, 4, 2], 1.3).dataSync().slice();
  // Step 0 of row 0 and step 2 of row 1.
  for (const at of [0, 1, 12, 13]) values[at] = 0;
  const got = model.predict([tf.tensor(values, [2, 4, 2]), wave([2, 2], 0.6)]) as tf.Tensor;
  // gru(x, initial_state=s, mask=m): without mask=, Keras 3.15 hands an RNN none beside initial_state.
  expect(got.dataSync()).toBeAllclose(
    [
      ...[0.0, 0.0, -0.080603688955307, 0.17274966835975647],
      ...[-0.20698106288909912, -0.026510395109653473, -0.3752695322036743, -0.2013777643442154],
      ...[0.05692465603351593, 0.09659844636917114, -0.19153422117233276, -0.09486346691846848],
      ...[-0.19153422117233276, -0.09486346691846848, -0.2886006236076355, -0.2165706753730774],
    ],
    close,
  );
});

const tagger = (loss?: Loss) =>
  ready(
    sequential({
      layers: [
        embedding(),
        layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }) }),
        perStep(),
      ],
    }),
    loss,
  );
const kept = () => tf.cast(tf.expandDims(tf.notEqual(tokens(), 0), 2), "float32");

test("Embedding, Bidirectional, TimeDistributed: Keras's predictions; masked steps give the bias", () => {
  const want = [
    ...[0.155451238155365, 0.134904682636261, 0.20486262440681458, 0.49874749779701233],
    ...[0.49874749779701233, 0.49874749779701233, 0.15324929356575012, 0.10002163052558899],
    ...[0.49874749779701233, 0.1372840702533722],
  ];
  const model = tagger();
  expect((model.predict(tokens()) as tf.Tensor).dataSync()).toBeAllclose(want, close);
  const [mask] = [model.computeMask(tokens())].flat();
  expect(mask!.dataSync()).toEqual(tf.cast(kept(), "bool").dataSync());
});

test("a mask that reaches the loss counts: losses are Keras's, and those of a loss of one's own that leaves masked targets out", async () => {
  const kerasLosses = [
    ...[0.04893307760357857, 0.03247644752264023],
    ...[0.029503459110856056, 0.028761807829141617],
  ];
  const y = wave([2, 5, 1], 0.9);
  expect(await losses(tagger(), [tokens()], y)).toBeAllclose(kerasLosses, close);

  // The targets tell where there is none.
  const none = -9;
  const masked = (target: tf.Tensor, predicted: tf.Tensor) => {
    const weight = tf.cast(tf.notEqual(target, none), "float32");
    const cost = tf.mul(weight, tf.squaredDifference(target, predicted));
    return tf.div(tf.sum(cost), tf.sum(weight));
  };
  const targets = tf.where(tf.cast(kept(), "bool"), y, tf.fill(y.shape, none));
  const got = await losses(tagger(masked), [tokens()], targets);
  expect(got).toBeAllclose(kerasLosses, close);
});
