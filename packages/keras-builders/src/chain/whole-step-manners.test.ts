// What must stay true of a model that runs as a whole: whoever looks on, steps in or changes something between two
// steps finds what he finds layer by layer.

import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  Callback,
  input,
  type LayersModel,
  model as modelOf,
  type Sequential,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { expect, test, vi } from "vitest";
import { adam, explainSpeed, layers, sgd } from "../index.ts";
import {
  at,
  B,
  bothWays,
  H,
  I,
  numbersOf,
  of,
  T,
  useWholeSteps,
  x,
  y,
} from "./whole-step.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;

useWholeSteps();

function compiled(all: Layer[], optimizer: tf.Optimizer = sgd({ learningRate: 0.1 })): Sequential {
  const model = sequential({ layers: [...all, layers.dense({ units: 1, seed: 5 })] });
  model.compile({ optimizer, loss: "meanSquaredError", metrics: ["mae"] });
  return model;
}

test("weights that are set between two steps are those that the next one starts from", () =>
  bothWays(async () => {
    const model = compiled([layers.lstm({ ...of, ...at })]);
    await model.trainOnBatch(x(), y());
    model.setWeights(model.getWeights().map((weight) => tf.mul(weight, 0.5)));
    model.layers[0]!.weights[0]!.write(tf.ones([I, 4 * H]));
    const loss = (await model.trainOnBatch(x(), y())) as number[];
    return [...loss, ...numbersOf(model), ...(model.predict(x()) as tf.Tensor).dataSync()];
  }));

test("a prediction follows weights that are set, assigned, trained and set back", () =>
  bothWays(async () => {
    const model = compiled([layers.bidirectional({ layer: layers.gru(of), ...at })], adam());
    const predicted: number[] = [];
    const predict = () => predicted.push(...(model.predict(x()) as tf.Tensor).dataSync());
    predict();
    const first = model.getWeights().map((weight) => tf.clone(weight));
    model.setWeights(first.map((weight) => tf.mul(weight, 0.5)));
    predict();
    for (const weight of model.weights)
      (weight.read() as tf.Variable).assign(tf.neg(weight.read()));
    predict();
    await model.trainOnBatch(x(), y());
    predict();
    model.setWeights(first);
    predict();
    expect(predicted.slice(-B)).toEqual(predicted.slice(0, B));
    return predicted;
  }));

test("what somebody keeps of a weight stays what it was", async () => {
  const model = compiled([layers.gru({ ...of, ...at })], adam());
  await model.trainOnBatch(x(), y());
  const kept = model.getWeights().map((weight) => tf.clone(weight));
  const slots = (await model.optimizer.getWeights()).map(({ tensor }) => tf.clone(tensor));
  const before = [...kept, ...slots].map((each) => [...each.dataSync()]);
  await model.trainOnBatch(x(), y());
  expect([...kept, ...slots].map((each) => [...each.dataSync()])).toEqual(before);
});

test("vectors that were looked up before a step are those of before", async () => {
  const embedding = layers.embedding({ inputDim: 5, outputDim: I, inputLength: T, seed: 1 });
  const lstm = layers.lstm(of);
  const model = compiled([embedding, lstm]);
  const tokens = tf.tensor2d([[1, 2, 3, 4, 0]], [1, T], "int32");
  const vectors = embedding.apply(tokens) as tf.Tensor;
  const copy = tf.tensor(vectors.dataSync(), vectors.shape);
  await model.trainOnBatch(tokens, tf.ones([1, 1]));
  const [given, copied] = [vectors, copy].map((each) => lstm.apply(each) as tf.Tensor);
  expect(given!.dataSync()).toEqual(copied!.dataSync());
});

test("a learning rate and a frozen layer change the steps behind them", () =>
  bothWays(async () => {
    const model = compiled([layers.lstm({ ...of, ...at })]);
    await model.trainOnBatch(x(), y());
    (model.optimizer as unknown as { learningRate: number }).learningRate = 0.5;
    await model.trainOnBatch(x(), y());
    model.layers[0]!.trainable = false;
    model.compile({ optimizer: model.optimizer, loss: "meanSquaredError" });
    await model.trainOnBatch(x(), y());
    return numbersOf(model);
  }));

test("a call that is replaced or hooked between two steps is called, and its reason said", async () => {
  const layer = layers.lstm({ ...of, ...at });
  const model = compiled([layer]);
  await model.trainOnBatch(x(), y());
  const hook = vi.fn();
  layer.setCallHook(hook);
  expect(explainSpeed(model).reason).toBe(`${layer.name}: its call was replaced or hooked`);
  await model.trainOnBatch(x(), y());
  model.predict(x());
  expect(hook).toHaveBeenCalledTimes(2);
  layer.clearCallHook();
  const call = vi.spyOn(layer, "call");
  model.predict(x());
  expect(call).toHaveBeenCalledTimes(1);
  call.mockRestore();
});

test("a prediction in somebody's own gradient has one", () => {
  const model = compiled([layers.lstm({ ...of, ...at })]);
  const sum = (given: tf.Tensor): tf.Scalar => tf.sum(model.predict(given) as tf.Tensor);
  const slope = () => [...tf.grad(sum)(x()).dataSync()];
  expect(slope().some((n) => n !== 0)).toBe(true);
  return bothWays(slope);
});

class Reading extends Callback {
  readonly seen: unknown[] = [];
  override async onBatchEnd(_batch: number, logs: { loss?: unknown } = {}): Promise<void> {
    this.seen.push((logs.loss as tf.Tensor).dataSync()[0]);
  }
}

test("a callback of somebody's own class gets tensors, as ever, one of functions numbers", async () => {
  const model = compiled([layers.simpleRNN({ ...of, ...at })]);
  const own = new Reading();
  await model.fit(x(), y(), { batchSize: 2, epochs: 1, verbose: 0, callbacks: [own] });
  expect(own.seen).toHaveLength(2);
  const seen: unknown[] = [];
  const onBatchEnd = (batch: number, logs?: object) => void seen.push({ batch, ...logs });
  await model.fit(x(), y(), { batchSize: 2, epochs: 1, verbose: 0, callbacks: { onBatchEnd } });
  const number = expect.any(Number);
  expect(seen).toEqual([0, 1].map((batch) => ({ batch, size: 2, loss: number, mae: number })));
});

test("a callback stops the training, and the next fit goes on", async () => {
  const model = compiled([layers.simpleRNN({ ...of, ...at })]);
  const batches: number[] = [];
  const onBatchEnd = (batch: number) => {
    batches.push(batch);
    model.stopTraining = true;
  };
  const options = { batchSize: 1, epochs: 3, verbose: 0 as const };
  const { epoch } = await model.fit(x(), y(), { ...options, callbacks: { onBatchEnd } });
  expect([batches, epoch]).toEqual([[0], [0]]);
  expect((await model.fit(x(), y(), options)).epoch).toEqual([0, 1, 2]);
});

test("a token beyond the table is refused before anything has changed", async () => {
  const embedding = layers.embedding({ inputDim: 5, outputDim: I, inputLength: T, name: "words" });
  const model = compiled([embedding, layers.lstm(of)]);
  const [good, bad] = [4, 5].map((token) => tf.fill([1, T], token, "int32"));
  await model.trainOnBatch(good!, tf.ones([1, 1]));
  const before = numbersOf(model);
  const target = tf.ones([1, 1]);
  await expectNoTensorLeak(async () => {
    const refused = "words: expected tokens from 0 to below 5, got 5";
    await expect(model.trainOnBatch(bad!, target)).rejects.toThrow(refused);
    expect(() => model.predict(bad!)).toThrow(refused);
    await expect(model.fit(bad!, target, { verbose: 0 })).rejects.toThrow(refused);
  }, 3);
  expect(numbersOf(model)).toEqual(before);
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test("a stateful model carries its states from batch to batch, and refuses another batch size", () =>
  bothWays(() => {
    const layer = layers.gru({ ...of, batchInputShape: [B, T, I], stateful: true });
    const model = compiled([layer]);
    const predicted = [1, 2].flatMap(() => [
      ...(model.predictOnBatch(x()) as tf.Tensor).dataSync(),
    ]);
    expect(() => model.predict(tf.ones([1, T, I]))).toThrow(/batch|shape/);
    model.resetStates();
    const again = [...(model.predictOnBatch(x()) as tf.Tensor).dataSync()];
    expect(again).toEqual(predicted.slice(0, B));
    expect(predicted.slice(B)).not.toEqual(again);
    return [...predicted, ...layer.getStates()[0]!.dataSync()];
  }));

test("nothing is left of a fit, an evaluation and predictions of several batches", async () => {
  const model = compiled([
    layers.bidirectional({ layer: layers.lstm(of), ...at }),
    layers.dropout({ rate: 0.3 }),
  ]);
  const [a, b] = [x(), y()];
  await model.fit(a, b, { batchSize: 3, verbose: 0 });
  await expectNoTensorLeak(async () => {
    await model.fit(a, b, { batchSize: 3, epochs: 2, verbose: 0, validationSplit: 0.5 });
    tf.dispose(model.evaluate(a, b, { batchSize: 3 }));
    tf.dispose(model.predict(a, { batchSize: 3 }));
    tf.dispose(model.predictOnBatch(a));
  });
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test("a functional model of one path runs as a whole, a part of a longer one too; one of two paths does not", async () => {
  const given = input({ shape: [T, I] });
  const lstm = layers.lstm({ ...of, returnSequences: true });
  const between = lstm.apply(given) as SymbolicTensor;
  const last = layers.dense({ units: 1, seed: 5 });
  const outputs = last.apply(layers.gru(of).apply(between)) as SymbolicTensor;
  const whole = modelOf({ inputs: given, outputs });
  const part = modelOf({ inputs: given, outputs: between });
  whole.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  expect(explainSpeed(whole)).toMatchObject({ predicts: true, trains: true });
  expect(explainSpeed(part)).toMatchObject({ predicts: true, trains: false });
  await bothWays(async () => {
    const [a, b] = [whole, part].map((each) => [...(each.predict(x()) as tf.Tensor).dataSync()]);
    return [...a!, ...b!];
  });
  const two = stock.concatenate().apply([between, between]);
  const forked = modelOf({ inputs: given, outputs: two as SymbolicTensor });
  expect(explainSpeed(forked).reason).toMatch(/: it has several inputs or outputs$/);
});

test.each<[string, (model: LayersModel) => unknown]>([
  ["was called with tensors", (model) => model.apply(x())],
  [
    "is a layer of another model",
    (model) => {
      const given = input({ shape: [T, I] });
      const outputs = layers.dense({ units: 1 }).apply(model.apply(given) as SymbolicTensor);
      modelOf({ inputs: given, outputs: outputs as SymbolicTensor }).predict(x());
    },
  ],
  ["is part of a sequence", (model) => sequential({ layers: [model, layers.dense({ units: 1 })] })],
  ["was asked for its mask", (model) => model.computeMask([x()], [])],
])("a model that %s still runs as a whole, with the same bits", async (_, use) => {
  const given = input({ shape: [T, I] });
  const outputs = layers.dense({ units: 1, seed: 5 }).apply(layers.gru(of).apply(given) as never);
  const functional = modelOf({ inputs: given, outputs: outputs as SymbolicTensor });
  functional.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
  for (const model of [functional, compiled([layers.gru({ ...of, ...at })])]) {
    const before = (model.predict(x()) as tf.Tensor).dataSync();
    use(model);
    expect(explainSpeed(model)).toMatchObject({ predicts: true, trains: true });
    expect((model.predict(x()) as tf.Tensor).dataSync()).toEqual(before);
  }
  vi.spyOn(functional, "call");
  expect(explainSpeed(functional).reason).toBe("its call or losses were replaced");
});

const reasons: [string, () => Layer[], string][] = [
  [
    "a regularizer",
    () => [layers.lstm({ ...of, ...at, kernelRegularizer: "l2", name: "a" })],
    "a: it has a regularizer",
  ],
  [
    "an activation",
    () => [layers.lstm({ ...of, ...at, activation: "mish", name: "b" })],
    "b: mish is not a fused activation",
  ],
  [
    "another layer",
    () => [layers.lstm({ ...of, ...at }), layers.reLU({ name: "c" })],
    "c: the engine has no stage for a ReLU",
  ],
  [
    "a mask",
    () => [layers.masking(at), layers.lstm({ ...of, returnSequences: true })],
    "a mask reaches the loss",
  ],
  [
    "shared noise",
    () => [
      layers.lstm({ ...of, ...at }),
      layers.dropout({ rate: 0.5, noiseShape: [null, 1], name: "d" }),
    ],
    "d: it has a noiseShape",
  ],
];

test.each(reasons)(
  "explainSpeed says of %s that a model does not run as a whole",
  (_, all, reason) => {
    const model = compiled(all());
    expect(explainSpeed(model)).toMatchObject({ trains: false, predicts: false, reason });
  },
);

test("explainSpeed names each layer, and says of an optimizer of its own that it trains the usual way", () => {
  const optimizer = sgd();
  optimizer.minimize = () => null;
  const model = compiled([layers.lstm({ ...of, ...at, name: "one" })], optimizer);
  expect(explainSpeed(model)).toMatchObject({
    ...{ predicts: true, trains: false, reason: "its optimizer has a minimize of its own" },
    layers: [
      { name: "one", className: "LSTM", isFused: true },
      { className: "Dense", isFused: true },
    ],
  });
  const stockModel = sequential({ layers: [stock.dense({ units: 1, inputShape: [2] })] });
  expect(explainSpeed(stockModel).reason).toBe("it has no layer of this package");
  expect(explainSpeed(sequential()).reason).toBe("it is not built");
  const uncompiled = sequential({ layers: [layers.lstm({ ...of, ...at })] });
  expect(explainSpeed(uncompiled)).toMatchObject({
    predicts: true,
    trains: false,
    reason: "it is not compiled",
  });
  expect(() => explainSpeed({} as never)).toThrow("explainSpeed: expected a model, got");
});
