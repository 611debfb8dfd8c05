import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import {
  caseIds,
  type GoldenTensor,
  loadTrajectory,
  numbers,
  readFixture,
  truth,
} from "@rnnkit/fixtures";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import * as builders from "../index.ts";
import { explainSpeed, setWholeSteps } from "../index.ts";
import { jsonOf, type LayerJson } from "./builder-cases.fixture.ts";

/** A layer as tutorial-models.json says it: the class, Keras's arguments, the number of its parameters. */
interface TutorialLayer {
  class_name: string;
  parameters?: number;
  layer?: TutorialLayer;
  [argument: string]: unknown;
}

interface TutorialModel {
  call: string;
  layers: TutorialLayer[];
  parameters: number;
  optimizer: "adam" | "rmsprop";
  loss: string;
  metrics: string[];
}

const models: TutorialModel[] = readFixture("tutorial-models.json").models;

/** Runs a line of JavaScript that may name everything this package exports. */
const run = (line: string): Sequential =>
  new Function(...Object.keys(builders), `return ${line}`)(...Object.values(builders));

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** Of a layer, what the file says of it. */
function saidOf(given: TutorialLayer, { className, config }: LayerJson): object {
  const { class_name: _, parameters: __, layer, ...args } = given;
  return {
    class_name: className,
    ...Object.fromEntries(Object.keys(args).map((name) => [name, config[camelCase(name)]])),
    ...(layer && { layer: saidOf(layer, config.layer!) }),
  };
}

/** Keras's numbers, in the words of tfjs's optimizers. */
const optimizers = {
  adam: ["Adam", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }],
  rmsprop: [
    "RMSProp",
    { learningRate: 0.001, decay: 0.9, momentum: 0, epsilon: 1e-7, centered: false },
  ],
} as const;

const losses: Record<string, string> = {
  mse: "meanSquaredError",
  binary_crossentropy: "binaryCrossentropy",
  sparse_categorical_crossentropy: "sparseCategoricalCrossentropy",
};

test("the tutorial makes 12 models", () => {
  expect(models).toHaveLength(12);
});

test.each(models)("$call is the tutorial's model", async (tutorial) => {
  await tf.setBackend("wasm");
  const model = run(tutorial.call);
  expect(model.layers.map((layer, i) => saidOf(tutorial.layers[i]!, jsonOf(layer)))).toEqual(
    tutorial.layers.map(({ parameters: _, ...said }) => said),
  );
  expect(model.layers.map((layer) => layer.countParams())).toEqual(
    tutorial.layers.map(({ parameters }) => parameters),
  );
  expect(model.countParams()).toBe(tutorial.parameters);
  const [className, config] = optimizers[tutorial.optimizer];
  expect(model.optimizer.getClassName()).toBe(className);
  expect(model.optimizer.getConfig()).toEqual(config);
  expect(model.loss).toBe(losses[tutorial.loss]);
  // Keras, and tfjs, know this one by two names.
  const oneName = (metric: unknown) => (metric === "acc" ? "accuracy" : metric);
  expect((model.metrics as string[]).map(oneName)).toEqual(tutorial.metrics.map(oneName));
  model.dispose();
});

const {
  buildBidirectionalRnnModel,
  buildLstmForecaster,
  buildLstmGruModel,
  buildSentimentClassifier,
  buildSimpleRnnModel,
  buildStackedRnnModel,
  buildVariableLengthModel,
} = builders;

/** The models of Keras's trajectories. */
const small: Record<string, () => Sequential> = {
  tutorial_simple_rnn: () => buildSimpleRnnModel([10, 5], 1, { units: [6, 4], dropout: 0 }),
  tutorial_lstm_gru: () => buildLstmGruModel([10, 5], 1, { units: [6, 4] }),
  tutorial_bidirectional: () => buildBidirectionalRnnModel([10, 5], 1, { units: [4, 3] }),
  tutorial_stacked: () => buildStackedRnnModel([10, 5], 1, { units: [6, 4, 3] }),
  tutorial_variable_length: () =>
    buildVariableLengthModel(6, 9, 4, { embeddingDim: 6, units: 4, outputActivation: "softmax" }),
  tutorial_forecaster_two_ahead: () =>
    buildLstmForecaster(6, 1, 2, { units: [6, 4], dropout: [0, 0] }),
  tutorial_text_bilstm_adam: () =>
    buildSentimentClassifier("bidirectional_lstm", {
      vocabSize: 11,
      maxLen: 8,
      embeddingDim: 6,
      units: 4,
      optimizer: "adam",
    }),
};

const toTensor = (t: GoldenTensor, dtype = t.dtype as "float32" | "int32") =>
  tf.tensor(Float32Array.from(numbers(t)), t.shape, dtype);

test("every trajectory of the tutorial has a model here", () => {
  const ids = caseIds("trajectory").filter((id) => id.startsWith("tutorial_"));
  expect(Object.keys(small).sort()).toEqual(ids);
});

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  const ways = Object.entries(small).flatMap(([id, build]) => [
    { id, build, whole: true },
    { id, build, whole: false },
  ]);
  test.each(ways)("$id, whole $whole: Keras's losses and weights", async (way) => {
    const { id, build, whole } = way;
    await tf.setBackend(backend);
    setWholeSteps(whole);
    const golden = loadTrajectory(id);
    // A gradient of the embedding like any other is in Keras's JAX run; TensorFlow's is not.
    const { losses, losses64, final_weights, final_predictions_batch0 } = golden.dense ?? golden;
    const model = build();
    expect(explainSpeed(model)).toMatchObject({ trains: whole, predicts: whole });
    model.setWeights(golden.initial_weights.map((weight) => toTensor(weight)));
    const batches = golden.batches.map(
      ({ x, y }) => [toTensor(x), toTensor(y, "float32")] as const,
    );
    const got: number[] = [];
    for (const index of golden.order) {
      const [loss] = [await model.trainOnBatch(...batches[index]!)].flat();
      got.push(loss as number);
    }
    expect(got).toBeAllclose(losses64 ?? losses, tolerances.keras.losses);
    const within = tolerances.keras.weights;
    for (const [i, weight] of model.getWeights().entries()) {
      expect(weight.dataSync()).toBeAllclose(truth(final_weights[i]!), within);
    }
    const predicted = model.predict(batches[0]![0]) as tf.Tensor;
    expect(predicted.dataSync()).toBeAllclose(truth(final_predictions_batch0), within);
    model.dispose();
  });
});
