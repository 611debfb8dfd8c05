import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import {
  buildBidirectionalRnnModel,
  buildLstmForecaster,
  buildLstmGruModel,
  buildSentimentClassifier,
  buildSimpleRnnModel,
  buildStackedRnnModel,
  buildStockForecaster,
  buildVariableLengthModel,
  exponentialDecay,
  type TrainingOverrides,
} from "../index.ts";
import { described, jsonOf } from "./builder-cases.fixture.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

test("overrides take the place of units, dropout rates, optimizer, loss and metrics", () => {
  const own = tf.train.adagrad(0.5);
  const model = buildLstmForecaster(7, 2, 3, {
    units: [5, 4],
    dropout: [0.1, 0],
    optimizer: own,
    loss: "meanAbsoluteError",
    metrics: ["mse"],
  });
  expect(model.layers.map((layer) => described(jsonOf(layer)))).toEqual([
    "LSTM 5 relu seq",
    "Dropout 0.1",
    "LSTM 4 relu",
    "Dropout 0",
    "Dense 3 linear",
  ]);
  expect(model.outputShape).toEqual([null, 3]);
  expect([model.optimizer, model.loss, model.metrics]).toEqual([own, "meanAbsoluteError", ["mse"]]);

  const named = buildStockForecaster(4, { units: 2, optimizer: "sgd", learningRate: 0.5 });
  expect(named.optimizer.getConfig()).toEqual({ learningRate: 0.5 });
  tf.dispose([model, named] as never);
});

test("clipnorm bounds the step of a builder's model", async () => {
  const model = buildSimpleRnnModel([2, 1], 1, {
    units: [2, 2],
    optimizer: "sgd",
    learningRate: 1,
    clipnorm: 0.01,
  });
  const before = model.getWeights().map((w) => w.clone());
  await model.trainOnBatch(tf.ones([4, 2, 1]), tf.fill([4, 1], 1e4));
  for (const [i, weight] of model.getWeights().entries()) {
    expect(tf.norm(tf.sub(weight, before[i]!)).dataSync()[0]).toBeLessThan(0.0101);
  }
});

test("without softmax the loss is of outputs clipped, then divided by their sum", async () => {
  const model = buildVariableLengthModel(3, 5, 3, {
    embeddingDim: 2,
    units: 2,
    outputActivation: "linear",
    optimizer: "sgd",
    learningRate: 1,
    seed: 1,
  });
  expect(model.layers.at(-1)!.getConfig().activation).toBe("linear");
  const weights = () => model.getWeights();
  model.setWeights([...weights().slice(0, -2), tf.zeros([2, 3]), tf.tensor1d([-0.5, 0.2, 1.5])]);
  const x = tf.tensor2d([[1, 2, 0]], [1, 3], "int32");
  const step = (target: number) => model.trainOnBatch(x, tf.tensor2d([[target]]));
  // Σ p = 1e-7 + 0.2 + (1 - 1e-7)
  expect(await step(0)).toBeAllclose([Math.log(1.2 / 1e-7), 0], { rtol: 1e-6 });
  // Only the output that is neither below 0 nor above 1 has moved, by 1/Σ p.
  expect(weights().at(-1)!.dataSync()).toBeAllclose([-0.5, 0.2 - 1 / 1.2, 1.5], { rtol: 1e-6 });
});

test("names are Keras's or tfjs's, and mean the same", () => {
  const named = (overrides: TrainingOverrides) => {
    const model = buildStockForecaster(4, { units: 2, ...overrides });
    return [model.loss, model.metrics, model.optimizer.getClassName()];
  };
  const want = ["meanSquaredError", ["mae", "acc"], "RMSProp"];
  for (const loss of ["mse", "MSE", "mean_squared_error", "MeanSquaredError"] as const) {
    expect(named({ loss, metrics: ["mae", "acc"], optimizer: "rmsprop" })).toEqual(want);
  }
  expect(
    named({
      loss: "meanSquaredError",
      metrics: ["mean_absolute_error", "acc"],
      optimizer: "RMSprop",
    }),
  ).toEqual(want);
  expect(named({ loss: "kld", optimizer: "SGD" })).toEqual([
    "kullbackLeiblerDivergence",
    [],
    "SGD",
  ]);
});

test("a builder's rate may follow the step, under an optimizer given by name", async () => {
  const learningRate = exponentialDecay({
    initialLearningRate: 0.5,
    decaySteps: 1,
    decayRate: 0.5,
  });
  const model = buildStockForecaster(4, { units: 2, optimizer: "AdamW", learningRate });
  const rates = [model.optimizer.getConfig().learningRate];
  await model.trainOnBatch(tf.zeros([2, 4, 1]), tf.zeros([2, 1]));
  rates.push(model.optimizer.getConfig().learningRate);
  expect(rates).toEqual([0.5, 0.25]);
  expect(model.optimizer).toMatchObject({ kerasClassName: "AdamW", weightDecay: 0.004 });
  model.dispose();
});

test("an optimizer of your own stays yours when the model is disposed", () => {
  const own = tf.train.adam(0.1);
  const before = tf.memory().numTensors;
  buildStockForecaster(4, { units: 2, optimizer: own }).dispose();
  expect(tf.memory().numTensors).toBe(before);
  expect(own.getConfig()).toMatchObject({ learningRate: 0.1 });
  own.dispose();
});

test("bad input is refused by name before anything is made, and the next call works", () => {
  const before = tf.memory().numTensors;
  const refusals: [() => unknown, string][] = [
    [
      () => buildSimpleRnnModel([0, 1], 1),
      "buildSimpleRnnModel: expected inputShape [timesteps, features] of whole numbers from 1, got [0, 1]",
    ],
    [() => buildSimpleRnnModel([5] as never, 1), "whole numbers from 1, got [5]"],
    [() => buildSimpleRnnModel([5, null] as never, 1), "got [5, null]"],
    [() => buildSimpleRnnModel(undefined as never, 1), "got undefined"],
    [
      () => buildSimpleRnnModel([5, 1], 1.5),
      "expected outputUnits of whole numbers from 1, got 1.5",
    ],
    [
      () => buildSimpleRnnModel([5, 1], 1, { units: [64, -3] }),
      "units of whole numbers from 1, got [64, -3]",
    ],
    [
      () => buildSimpleRnnModel([5, 1], 1, { units: 64 as never }),
      "expected units for 2 layers, got 64",
    ],
    [
      () => buildStackedRnnModel([5, 1], 1, { units: [1, 2] as never }),
      "units for 3 layers, got [1, 2]",
    ],
    [() => buildStackedRnnModel([5, 1], 1, { units: [1, 2, 0] }), "got [1, 2, 0]"],
    [
      () => buildLstmForecaster(5, 1, 1, { dropout: [0.2, 1] }),
      "dropout from 0 to below 1, got [0.2, 1]",
    ],
    [
      () => buildLstmForecaster(5, 1, 1, { dropout: 0.2 as never }),
      "dropout for 2 layers, got 0.2",
    ],
    [() => buildSimpleRnnModel([5, 1], 1, { dropout: Number.NaN }), "got NaN"],
    [
      () => buildLstmGruModel([5, 1], 1, { units: [8] as never }),
      "buildLstmGruModel: expected units for 2 layers, got [8]",
    ],
    [
      () => buildBidirectionalRnnModel([5, 1], 1, { units: [8, 0] }),
      "buildBidirectionalRnnModel: expected units of whole numbers from 1, got [8, 0]",
    ],
    [
      () => buildVariableLengthModel(5, 9, 2, { outputActivation: "sigmoid" as never }),
      'expected outputActivation to be one of softmax, linear, got "sigmoid"',
    ],
    [() => buildVariableLengthModel(5, 0, 1), "expected vocabSize of whole numbers from 1, got 0"],
    [() => buildStockForecaster("5" as never), 'seqLength of whole numbers from 1, got "5"'],
    [
      () => buildStockForecaster(5, { optimizer: "lion" as never }),
      'buildStockForecaster: expected optimizer to be one of adam, adamw, rmsprop, sgd, got "lion"',
    ],
    [
      () => buildStockForecaster(5, { loss: "mean_square_error" as never }),
      'buildStockForecaster: expected loss to be one of meanSquaredError, meanAbsoluteError, meanAbsolutePercentageError, ..., got "mean_square_error"; did you mean meanSquaredError?',
    ],
    [() => buildStockForecaster(5, { learningRate: 0 }), "expected learningRate above 0, got 0"],
    [
      () => buildStockForecaster(5, { learningRate: "fast" as never }),
      'buildStockForecaster: expected learningRate above 0, a schedule or a function of the step, got "fast"',
    ],
    [
      () => buildStockForecaster(5, { learningRate: () => Number.NaN }),
      "buildStockForecaster: expected learningRate(0) from 0, got NaN",
    ],
    [() => buildStockForecaster(5, { clipnorm: -1 }), "expected clipnorm above 0, got -1"],
    [() => buildStockForecaster(5, { seed: 0.5 }), "expected seed to be a whole number, got 0.5"],
    [
      () => buildStockForecaster(5, { metrics: ["nonsense" as never] }),
      "buildStockForecaster: expected metrics to be one of accuracy, acc,",
    ],
    [
      () => buildStockForecaster(5, { metrics: "mae" as never }),
      'buildStockForecaster: expected metrics to be a list, got "mae"',
    ],
    [
      () => buildStockForecaster(5, { optimizer: "RMSProps" as never }),
      'got "RMSProps"; did you mean rmsprop?',
    ],
    [
      () => buildStockForecaster(5, { metrics: ["acuracy" as never] }),
      'got "acuracy"; did you mean accuracy?',
    ],
    [
      () => buildSentimentClassifier("lsmt" as never, { vocabSize: 10, maxLen: 5 }),
      'expected cell to be one of simple_rnn, lstm, gru, bidirectional_lstm, got "lsmt"',
    ],
    [
      () => buildSentimentClassifier("lstm", undefined as never),
      "expected an object of options such as { vocabSize: 10000, maxLen: 200 }, got undefined",
    ],
  ];
  for (const [call, message] of refusals) expect(call, message).toThrow(message);

  const own = tf.train.sgd(0.1);
  expect(() => buildStockForecaster(5, { optimizer: own, learningRate: 1 })).toThrow(
    "expected learningRate and clipnorm with an optimizer given by name, got a tf.Optimizer",
  );
  own.dispose();
  expect(tf.memory().numTensors).toBe(before);
  buildStockForecaster(5).dispose();
  expect(tf.memory().numTensors).toBe(before);
});
