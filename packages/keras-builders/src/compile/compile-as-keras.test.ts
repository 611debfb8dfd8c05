import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { readFixture } from "@rnnkit/fixtures";
import * as tf from "@tensorflow/tfjs-core";
import {
  model as functional,
  input,
  type LayersModel,
  type ModelCompileArgs,
  sequential,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { type KerasCompileArgs, layers, sgd } from "../index.ts";

/** tfjs-layers' typings know fewer names. */
const compileBy = (model: LayersModel, args: KerasCompileArgs): void =>
  model.compile(args as ModelCompileArgs);

type Rows = (number | null)[][];

/** What Keras makes of a loss or metric; null is no number. */
interface Case {
  loss?: string;
  metric?: string;
  on: string;
  y_true: number[] | number[][];
  y_pred: number[][];
  value: number | null;
  gradient?: Rows;
  jax?: { value?: number | null; gradient?: Rows };
}

const cases: Case[] = readFixture("losses.json").cases;
const named = (of: "loss" | "metric") =>
  cases.filter((each) => each[of]).map((each) => ({ ...each, name: each[of] as never }));

beforeAll(async () => {
  await tf.setBackend("wasm");
});

/** A model whose predictions for the rows of the unit matrix are its weights. */
function predicting(rows: number[][]): LayersModel {
  const [count, units] = [rows.length, rows[0]!.length];
  const dense = layers.dense({ units, useBias: false, inputShape: [count] });
  const model = sequential({ layers: [dense] });
  model.setWeights([tf.tensor2d(rows)]);
  return model;
}

const targets = (y: number[] | number[][]) =>
  tf.tensor(y.flat(), [y.length, y.flat().length / y.length]);
const numbersOf = (given: unknown) =>
  [given].flat(2).map((number) => (number === null ? Number.NaN : (number as number)));
const within = { rtol: 2e-5, atol: 2e-6 };

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test.each(named("loss"))("$name, $on: Keras's loss and gradient", async (given) => {
    await tf.setBackend(backend);
    const model = predicting(given.y_pred);
    compileBy(model, { optimizer: sgd({ learningRate: 1 }), loss: given.name });
    const [x, y] = [tf.eye(given.y_pred.length), targets(given.y_true)];
    const evaluated = model.evaluate(x, y) as tf.Scalar;
    expect(evaluated.dataSync()).toBeAllclose(numbersOf(given.value), within);
    expect(await model.trainOnBatch(x, y)).toBeAllclose(numbersOf(given.value), within);
    // At a bend Keras's backends take different sides; this is TensorFlow's.
    const step = tf.sub(tf.tensor2d(given.y_pred), model.getWeights()[0]!);
    // The weights are float32, and so their difference is no finer.
    const grain = 1e-7 * Math.max(...numbersOf(given.y_pred).map(Math.abs));
    const atol = Math.max(within.atol, grain);
    expect(step.dataSync()).toBeAllclose(numbersOf(given.gradient), { ...within, atol });
  });

  test.each(named("metric"))("$name, $on: Keras's metric", async (given) => {
    await tf.setBackend(backend);
    const model = predicting(given.y_pred);
    const isSparse = !Array.isArray(given.y_true[0]);
    compileBy(model, {
      optimizer: sgd(),
      loss: isSparse ? "sparse_categorical_crossentropy" : "mse",
      metrics: [given.name],
    });
    const [x, y] = [tf.eye(given.y_pred.length), targets(given.y_true)];
    const [, metric] = model.evaluate(x, y) as tf.Scalar[];
    expect(metric!.dataSync()).toBeAllclose(numbersOf(given.value), within);
  });
});

test("accuracy of several numbers to an example is categorical, whatever the loss", () => {
  const model = predicting([
    [0.1, 0.9, 0.2],
    [0.6, 0.3, 0.7],
  ]);
  const metrics = ["accuracy", "binary_accuracy"] as const;
  compileBy(model, { optimizer: sgd(), loss: "bce", metrics });
  const y = targets([
    [0, 1, 0],
    [1, 0, 0],
  ]);
  const [, accuracy, binary] = model.evaluate(tf.eye(2), y) as tf.Scalar[];
  expect(accuracy!.dataSync()[0]).toBe(0.5);
  expect(binary!.dataSync()).toBeAllclose([5 / 6], within);
  expect(model.metricsNames).toEqual(["loss", "acc", "binaryAccuracy"]);
});

/** One input, and two outputs that are 1, 1, 1. */
function twoOutputs(): LayersModel {
  const x = input({ shape: [2] });
  const outputs = ["signs", "classes"].map((name) => {
    const start = { kernelInitializer: "zeros", biasInitializer: "ones" } as const;
    return layers.dense({ units: 3, name, ...start }).apply(x) as typeof x;
  });
  return functional({ inputs: x, outputs });
}

test.each<[string, KerasCompileArgs["loss"]]>([
  ["in order", ["hinge", "SparseCategoricalCrossentropy"]],
  ["by name", { classes: "SparseCategoricalCrossentropy", signs: "hinge" }],
])("losses %s and metrics by name reach their outputs", async (_, loss) => {
  const model = twoOutputs();
  const metrics = { classes: "acc", signs: ["mae", "cosine_similarity"] } as const;
  compileBy(model, { optimizer: sgd({ learningRate: 0.1 }), loss, metrics });
  const y = [tf.tensor2d([[0, 0, 1]]), tf.tensor2d([[0]])];
  const { history } = await model.fit(tf.zeros([1, 2]), y, { verbose: 0 });
  const reported = Object.fromEntries(
    Object.entries(history).map(([key, [value]]) => [key, value]),
  );
  expect(reported).toEqual({
    loss: expect.closeTo(4 / 3 + Math.log(3), 6),
    // 0, 0, 1 are the signs -1, -1, 1.
    signs_loss: expect.closeTo((2 + 2 + 0) / 3, 6),
    classes_loss: expect.closeTo(Math.log(3), 6),
    signs_mae: expect.closeTo(2 / 3, 6),
    signs_cosineSimilarity: expect.closeTo(1 / Math.sqrt(3), 6),
    classes_acc: 1,
  });
});

test("a model says the names of its losses and metrics, and is saved under them", async () => {
  const model = twoOutputs();
  const loss = { signs: "huber", classes: "kld" } as const;
  const metrics = ["cosine_similarity", "mse"] as const;
  compileBy(model, { optimizer: sgd(), loss, metrics });
  expect(model.loss).toEqual({ signs: "huber", classes: "kullbackLeiblerDivergence" });
  expect(model.metrics).toEqual(["cosineSimilarity", "mse"]);

  let config: unknown;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    config = artifacts.trainingConfig;
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler, { includeOptimizer: true });
  expect(config).toMatchObject({
    loss: { signs: "huber", classes: "kullback_leibler_divergence" },
    metrics: ["cosine_similarity", "mse"],
  });
});

test("functions of your own are taken as they are", async () => {
  const model = predicting([[3, 4]]);
  const power = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.sum(tf.pow(tf.sub(yPred, yTrue), 4), -1);
  compileBy(model, { optimizer: sgd(), loss: power, metrics: [power, "mae"] });
  expect(await model.trainOnBatch(tf.eye(1), tf.tensor2d([[2, 2]]))).toEqual([17, 17, 1.5]);
  expect([model.loss, model.metrics]).toEqual([power, [power, "mae"]]);
});

test("unknown names and outputs are refused, and the model stays as it was", () => {
  const model = twoOutputs();
  const compile = (loss: unknown, metrics?: unknown) => () =>
    compileBy(model, { optimizer: sgd(), loss, metrics } as KerasCompileArgs);
  expect(compile("squared_hing")).toThrow('"squared_hing"; did you mean squaredHinge?');
  expect(compile({ signs: "hinge", classes: 5 })).toThrow("compile: expected loss to be one of");
  expect(compile(["hinge", undefined])).toThrow("compile: expected loss to be one of");
  expect(compile("mse", ["acuracy"])).toThrow('"acuracy"; did you mean accuracy?');
  expect(compile("mse", { sings: "mae" })).toThrow(
    "compile: expected metrics of signs, classes, got sings",
  );
  expect(model.optimizer).toBeUndefined();
});
