import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  regularizers,
  type SymbolicTensor,
  sequential,
  layers as stock,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import { beforeEach, expect, test } from "vitest";
import * as layers from "./layers.ts";

beforeEach(() => tf.setBackend("wasm").then(() => {}));

type Layer = InstanceType<typeof stock.Layer>;
const [B, T] = [3, 4];
const uniform = (shape: number[], seed = 5) => tf.randomUniform(shape, -1, 1, "float32", seed);
const close = (got: tf.Tensor, want: tf.Tensor) => {
  expect(got.shape).toEqual(want.shape);
  expect(got.dataSync()).toBeAllclose(want.dataSync(), tolerances.layers.models);
};
/** The definition: the layer on one step after the other. */
const stepByStep = (layer: Layer, x: tf.Tensor, kwargs: object = {}) =>
  tf.stack(
    tf.unstack(x, 1).map((step) => [layer.call(step, { ...kwargs })].flat()[0]!),
    1,
  );
const dense = (args: object = {}) => layers.dense({ units: 2, seed: 1, ...args });

const inner: [string, () => Layer, number[]][] = [
  ["Dense", () => dense({ activation: "tanh" }), [5]],
  ["Dense on two axes of features", dense, [2, 5]],
  ["LSTM", () => layers.lstm({ units: 2, seed: 1 }), [6, 3]],
  [
    "Bidirectional GRU with sequences",
    () => layers.bidirectional({ layer: layers.gru({ units: 2, seed: 1, returnSequences: true }) }),
    [6, 3],
  ],
  ["Conv1D", () => stock.conv1d({ filters: 2, kernelSize: 3 }), [6, 3]],
  ["BatchNormalization", () => stock.batchNormalization(), [5]],
  ["TimeDistributed", () => layers.timeDistributed({ layer: dense() }), [6, 3]],
  ["a model", () => sequential({ layers: [dense({ inputShape: [5] }), dense()] }), [5]],
  [
    "a model of a fixed batch",
    () => sequential({ layers: [dense({ batchInputShape: [B, 5] })] }),
    [5],
  ],
];

test.each(inner)(
  "%s: every step is the layer's own, forward and backward",
  async (name, make, features) => {
    // tfjs's wasm backend has no gradient of a convolution.
    await tf.setBackend(name === "Conv1D" ? "cpu" : "wasm");
    const layer = make();
    const all = layers.timeDistributed({ layer });
    const x = uniform([B, T, ...features]);
    close(all.apply(x) as tf.Tensor, stepByStep(layer, x));
    const dy = uniform((all.apply(x) as tf.Tensor).shape, 6);
    const weights = layer.trainableWeights.map((w) => w.read() as tf.Variable);
    const gradients = (f: () => tf.Tensor) =>
      tf.variableGrads(() => tf.sum(tf.mul(f(), dy)) as tf.Scalar, weights).grads;
    const got = gradients(() => all.apply(x) as tf.Tensor);
    const want = gradients(() => stepByStep(layer, x));
    for (const { name } of weights) close(got[name]!, want[name]!);
    const dx = tf.grad((given) => all.apply(given) as tf.Tensor)(x, dy);
    close(dx, tf.grad((given) => stepByStep(layer, given))(x, dy));
    const shape = all.computeOutputShape([null, null, ...features]);
    expect(shape).toEqual([null, null, ...dy.shape.slice(2)]);
  },
);

test("a model of any batch and any number of steps has one, and trains without a leak", async () => {
  const layer = dense({ kernelRegularizer: regularizers.l2({ l2: 0.1 }) });
  const first = layers.timeDistributed({ layer, inputShape: [null, 5] });
  const model = sequential({ layers: [first, layers.timeDistributed({ layer: dense() })] });
  expect(model.outputShape).toEqual([null, null, 2]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  for (const [b, t] of [
    [2, 3],
    [4, 6],
  ] as const) {
    const [x, y] = [uniform([b, t, 5]), tf.zeros([b, t, 2])];
    await expectNoTensorLeak(async () => {
      await model.fit(x, y, { epochs: 2, verbose: 0 });
      tf.dispose(model.predict(x));
    });
  }
});

test("its layer's regularizers are in the loss, those in a model in it too", () => {
  const kernelRegularizer = regularizers.l2({ l2: 1 });
  const layer = dense({ kernelRegularizer });
  const nested = sequential({ layers: [dense({ kernelRegularizer, inputShape: [5] })] });
  for (const each of [layer, nested]) {
    const all = layers.timeDistributed({ layer: each });
    all.build([null, T, 5]);
    const [kernel] = each.getWeights();
    const cost = all.calculateLosses().reduce((sum, loss) => sum + loss.dataSync()[0]!, 0);
    expect(cost).toBeAllclose(tf.sum(tf.square(kernel!)).dataSync()[0]!);
  }
});

test("the layer sees its step's mask, and the mask goes on as it came", () => {
  const layer = layers.lstm({ units: 2, seed: 1 });
  const model = sequential({
    layers: [
      layers.embedding({ inputDim: 4, outputDim: 3, maskZero: true, inputShape: [2, 5] }),
      layers.timeDistributed({ layer }),
    ],
  });
  const tokens = tf.tensor3d([1, 2, 3, 0, 0, 0, 3, 1, 0, 2], [1, 2, 5], "int32");
  const [embedding] = model.layers.filter((each) => each.getClassName() === "Embedding");
  const [first, second] = [
    [1, 2, 3],
    [3, 1, 2],
  ].map((kept) => {
    const vectors = embedding!.apply(tf.tensor2d([kept], [1, 3], "int32")) as tf.Tensor;
    return layer.apply(vectors) as tf.Tensor;
  });
  close(model.predict(tokens) as tf.Tensor, tf.stack([first!, second!], 1));
  const mask = tf.tensor2d([1, 0], [1, 2], "bool");
  expect(layers.timeDistributed({ layer: dense() }).computeMask([], mask)).toBe(mask);
});

test("in a model the mask of a sequence goes through to the next recurrent layer", () => {
  const model = sequential({
    layers: [
      layers.masking({ inputShape: [null, 2] }),
      layers.timeDistributed({ layer: dense({ biasInitializer: "ones" }) }),
      layers.gru({ units: 2, seed: 3 }),
    ],
  });
  const x = uniform([B, T, 2]);
  const padded = tf.concat([x, tf.zeros([B, 2, 2])], 1);
  close(model.predict(padded) as tf.Tensor, model.predict(x) as tf.Tensor);
});

test("batch normalisation is over one step's batch, and its averages move once a step, as in Keras", () => {
  const momentum = 0.5;
  const layer = stock.batchNormalization({ momentum, epsilon: 1e-3 });
  const all = layers.timeDistributed({ layer });
  const x = uniform([B, T, 2]);
  const y = all.apply(x, { training: true }) as tf.Tensor;
  const { mean, variance } = tf.moments(x, 0, true);
  close(y, tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3))));
  const moved = tf
    .unstack(mean, 1)
    .reduce<tf.Tensor>(
      (m, now) => tf.add(tf.mul(m, momentum), tf.mul(now, 1 - momentum)),
      tf.zeros([1, 2]),
    );
  close(layer.getWeights()[2]!, tf.reshape(moved, [2]));
});

test("a stateful layer carries its state from step to step", () => {
  const layer = layers.gru({ units: 2, seed: 1, stateful: true });
  const all = layers.timeDistributed({ layer, batchInputShape: [B, T, 5, 3] });
  const x = uniform([B, T, 5, 3]);
  const y = all.apply(x) as tf.Tensor;
  const whole = layers.gru({ units: 2, seed: 1 }).apply(tf.reshape(x, [B, T * 5, 3])) as tf.Tensor;
  close(tf.reshape(tf.slice(y, [0, T - 1, 0], [B, 1, 2]), [B, 2]), whole);
  expect(all.stateful).toBe(true);
  all.resetStates();
  close(all.apply(x) as tf.Tensor, y);
});

test("dropout in it drops in training only, each step its own part; by noiseShape one of the batch", () => {
  const x = tf.ones([2, 200, 1]);
  const drop = (args: object = {}) =>
    layers.timeDistributed({ layer: layers.dropout({ rate: 0.5, seed: 1, ...args }) });
  close(drop().apply(x) as tf.Tensor, x);
  const free = (drop().apply(x, { training: true }) as tf.Tensor).dataSync();
  expect(new Set(free)).toEqual(new Set([0, 2]));
  const rows = tf.split(
    drop({ noiseShape: [1, null] }).apply(x, { training: true }) as tf.Tensor,
    2,
  );
  expect(rows[0]!.dataSync()).toEqual(rows[1]!.dataSync());
  expect(new Set(rows[0]!.dataSync())).toEqual(new Set([0, 2]));
});

test("weights given to its layer, trainable and disposal are its layer's", () => {
  const weights = [tf.ones([5, 2]), tf.zeros([2])];
  const layer = dense({ weights });
  const all = layers.timeDistributed({ layer, trainable: false });
  const x = tf.ones([1, T, 5]);
  expect((all.apply(x) as tf.Tensor).dataSync()).toBeAllclose(Array(2 * T).fill(5));
  expect([all.trainableWeights.length, all.nonTrainableWeights.length]).toEqual([0, 2]);
  all.trainable = true;
  expect([all.trainableWeights.length, layer.trainable]).toEqual([2, true]);
  for (const make of [dense, () => sequential({ layers: [dense({ inputShape: [5] })] })]) {
    const before = tf.memory().numTensors;
    const other = layers.timeDistributed({ layer: make() });
    (other.apply(x) as tf.Tensor).dispose();
    expect(other.dispose().numDisposedVariables).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
  }
});

test("what has no time steps, fits nothing or gives too much is refused by name", () => {
  const at = { name: "each" };
  const all = layers.timeDistributed({ layer: dense(), ...at });
  const good = all.apply(uniform([B, T, 5])) as tf.Tensor;
  const refusals: [() => unknown, string][] = [
    [() => layers.timeDistributed({ layer: 3 as never, ...at }), "each: expected a layer, got 3"],
    [
      () => layers.timeDistributed({ layer: dense(), ...at }).apply(tf.ones([2, 3])),
      "each: expected an input of shape [B, T, I], got [2, 3]",
    ],
    [
      () => layers.timeDistributed({ layer: dense(), ...at }).apply(input({ shape: [3] })),
      "each: expected an input of shape [B, T, I], got [null, 3]",
    ],
    [
      () => all.apply(tf.ones([B, T, 6])),
      "each: expected an input of shape [B, T, 5], got [3, 4, 6]",
    ],
    [
      () => all.apply(uniform([B, T, 5]), { mask: tf.ones([B, T + 1]) }),
      "each: expected a mask of shape [3, 4, ...] as the input's, got [3, 5]",
    ],
    [
      () => all.apply(uniform([B, T, 5]), { mask: tf.ones([B]) }),
      "each: expected a mask of shape [3, 4, ...] as the input's, got [3]",
    ],
    [
      () =>
        layers
          .timeDistributed({ layer: layers.gru({ units: 2, returnState: true }), ...at })
          .apply(input({ shape: [T, 6, 3] })),
      "each: expected a layer of one output, got 2",
    ],
  ];
  for (const [call, message] of refusals) expect(call, message).toThrow(message);
  close(all.apply(uniform([B, T, 5])) as tf.Tensor, good);
});

test("a functional model with a model in every step", () => {
  const x = input({ shape: [T, 5] });
  const a = input({ shape: [5] });
  const step = stockModel({
    inputs: a,
    outputs: dense().apply(dense().apply(a)) as SymbolicTensor,
  });
  const all = layers.timeDistributed({ layer: step });
  const model = stockModel({ inputs: x, outputs: all.apply(x) as SymbolicTensor });
  const given = uniform([B, T, 5]);
  close(model.predict(given) as tf.Tensor, stepByStep(step, given));
});
