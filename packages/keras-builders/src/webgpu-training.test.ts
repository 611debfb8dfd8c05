// Whole models on tfjs's WebGPU backend, beside the cpu backend.

import "@tensorflow/tfjs-backend-cpu";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import { dispatchesOf } from "@rnnkit/test-kit/dispatches";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { sequential, layers as stock } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  buildSentimentClassifier,
  buildStackedRnnModel,
  layers,
  rmsprop,
  sgd,
} from "./index.ts";
import { registerWebGPUKernels } from "./webgpu.ts";

const [B, T, V, H] = [4, 6, 9, 4];
const near = { rtol: 0, atol: 1e-5, ofLargest: 0 };

/** Weights and data of one seed, whatever the backend. */
interface Case {
  model(): LayersModel;
  x(): tf.Tensor;
  y(): tf.Tensor;
}

const wave = (count: number, start = 0) =>
  Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + start) / 2);
const tokens = () =>
  tf.tensor2d(
    Array.from({ length: B * T }, (_, i) => (i * 5 + (i % 3)) % V),
    [B, T],
  );
const labels = () => tf.tensor2d([0, 1, 1, 0], [B, 1]);
const sequence = () => tf.tensor3d(wave(B * T * 2), [B, T, 2]);

function classifier(
  head: Parameters<typeof layers.dense>[0],
  compile: Parameters<LayersModel["compile"]>[0],
  cell: "lstm" | "gru" | "simpleRNN" = "simpleRNN",
): LayersModel {
  const model = sequential({
    layers: [
      layers.embedding({ inputDim: V, outputDim: 3, inputLength: T, seed: 1 }),
      layers[cell]({ units: H, seed: 2 }),
      layers.dense({ seed: 3, ...head }),
    ],
  });
  model.compile(compile);
  return model;
}

const cases: Record<string, Case> = {
  ...Object.fromEntries(
    (["lstm", "gru", "simple_rnn", "bidirectional_lstm"] as const).map((cell): [string, Case] => [
      `a sentiment classifier of ${cell}`,
      {
        model: () =>
          buildSentimentClassifier(cell, {
            ...{ vocabSize: V, maxLen: T, embeddingDim: 3, units: H, seed: 1 },
            learningRate: 0.01,
          }),
        x: tokens,
        y: labels,
      },
    ]),
  ),
  "a forecaster, by adam": {
    model: () => buildStackedRnnModel([T, 2], 1, { units: [H, H, H], seed: 1, metrics: ["mae"] }),
    x: sequence,
    y: () => tf.tensor2d(wave(B, 2), [B, 1]),
  },
  "a softmax head of classes by number, by sgd with momentum": {
    model: () =>
      classifier(
        { units: 3, activation: "softmax" },
        {
          optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
          loss: "sparseCategoricalCrossentropy",
          metrics: ["accuracy"],
        },
      ),
    x: tokens,
    y: () => tf.tensor2d([0, 2, 1, 1], [B, 1]),
  },
  "a softmax head of one-hot classes, by amsgrad": {
    model: () =>
      classifier(
        { units: 3, activation: "softmax", kernelRegularizer: "l2" },
        {
          optimizer: adam({ learningRate: 0.01, amsgrad: true }),
          loss: "categoricalCrossentropy",
          metrics: ["accuracy", "mse"],
        },
      ),
    x: tokens,
    y: () => tf.tensor2d([1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0], [B, 3]),
  },
  "a penalty of each of nine weights, more than a program has buffers for": {
    model: () => {
      const l2 = { kernelRegularizer: "l2", biasRegularizer: "l2" } as const;
      const model = sequential({
        layers: [
          layers.simpleRNN({
            ...{ units: H, recurrentRegularizer: "l2", ...l2 },
            ...{ inputShape: [T, 2], seed: 2 },
          }),
          ...[H, H, 1].map((units, i) => layers.dense({ units, ...l2, seed: 3 + i })),
        ],
      });
      model.compile({ optimizer: rmsprop({ learningRate: 0.01 }), loss: "meanSquaredError" });
      return model;
    },
    x: sequence,
    y: () => tf.tensor2d(wave(B, 2), [B, 1]),
  },
  "absolute errors of a tanh head, by adamw with clipping": {
    model: () =>
      classifier(
        { units: 2, activation: "tanh" },
        {
          optimizer: adamw({ learningRate: 0.01, clipnorm: 0.5 }),
          loss: "meanAbsoluteError",
          metrics: ["mae", "binaryAccuracy"],
        },
      ),
    x: tokens,
    y: () => tf.tensor2d(wave(B * 2, 1), [B, 2]),
  },
  "errors of every step, by centered RMSprop": {
    model: () => {
      const model = sequential({
        layers: [
          layers.gru({ units: H, returnSequences: true, inputShape: [T, 2], seed: 2 }),
          layers.timeDistributed({ layer: layers.dense({ units: 2, seed: 3 }) }),
        ],
      });
      const optimizer = rmsprop({ learningRate: 0.01, centered: true, momentum: 0.5 });
      model.compile({ optimizer, loss: "meanSquaredError", metrics: ["mae"] });
      return model;
    },
    x: sequence,
    y: () => tf.tensor3d(wave(B * T * 2, 3), [B, T, 2]),
  },
};

/** Models that go the usual way somewhere: what is fused must stand beside it. */
Object.assign(cases, {
  "vectors that no recurrence reads, side by side": {
    model: () => {
      const model = sequential({
        layers: [
          layers.embedding({ inputDim: V, outputDim: 3, inputLength: T, seed: 1 }),
          layers.flatten(),
          layers.dense({ units: 1, activation: "sigmoid", seed: 3 }),
        ],
      });
      model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "binaryCrossentropy" });
      return model;
    },
    x: tokens,
    y: labels,
  },
  "a mask that reaches the loss": {
    model: () => {
      const model = sequential({
        layers: [
          layers.embedding({ inputDim: V, outputDim: 3, maskZero: true, inputLength: T, seed: 1 }),
          layers.simpleRNN({ units: H, returnSequences: true, seed: 2 }),
          layers.timeDistributed({
            layer: layers.dense({ units: 1, activation: "sigmoid", seed: 3 }),
          }),
        ],
      });
      const optimizer = rmsprop({ learningRate: 0.01 });
      model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
      return model;
    },
    x: tokens,
    y: () =>
      tf.tensor3d(
        Array.from({ length: B * T }, (_, i) => i % 2),
        [B, T, 1],
      ),
  },
} satisfies Record<string, Case>);

interface Outcome {
  steps: number[][];
  fit: Record<string, number[]>;
  evaluated: number[];
  predicted: number[];
  tensors: number[];
  buffers: number[];
}

async function outcomeOn(backend: string, { model: make, x: makeX, y: makeY }: Case) {
  await tf.setBackend(backend);
  const [model, x, y] = [make(), makeX(), makeY()];
  const outcome: Outcome = {
    steps: [],
    fit: {},
    evaluated: [],
    predicted: [],
    tensors: [],
    buffers: [],
  };
  for (let step = 0; step < 3; step++) {
    outcome.steps.push([await model.trainOnBatch(x, y)].flat());
    outcome.tensors.push(tf.memory().numTensors);
    outcome.buffers.push(tf.memory().numDataBuffers);
  }
  // Batches of three and of one.
  const options = { epochs: 2, batchSize: 3, shuffle: false, verbose: 0 as const };
  const { history } = await model.fit(x, y, { ...options, validationData: [x, y] });
  outcome.fit = history as Record<string, number[]>;
  outcome.tensors.push(tf.memory().numTensors);
  const values = [model.evaluate(x, y, { batchSize: 3 })].flat();
  outcome.evaluated = await Promise.all(values.map(async (each) => (await each.data())[0]!));
  const output = model.predict(x) as tf.Tensor;
  outcome.predicted = [...(await output.data())];
  tf.dispose([...values, output]);
  outcome.tensors.push(tf.memory().numTensors);
  tf.dispose([x, y]);
  model.dispose();
  return outcome;
}

// A program takes a software driver up to a second to compile.
describe.skipIf(!hasDawn)(
  "training on the device (skipped without a Vulkan driver)",
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      await startWebGPU();
      registerWebGPUKernels();
    });

    test.each(Object.keys(cases))(
      "%s: losses, metrics and predictions are the cpu's",
      async (name) => {
        const expected = await outcomeOn("cpu", cases[name]!);
        const got = await outcomeOn("webgpu", cases[name]!);
        for (const [i, step] of expected.steps.entries()) {
          expect(got.steps[i]).toBeAllclose(step, near);
        }
        expect(Object.keys(got.fit)).toEqual(Object.keys(expected.fit));
        for (const [label, values] of Object.entries(expected.fit)) {
          expect(got.fit[label]).toBeAllclose(values, near);
        }
        expect(got.evaluated).toBeAllclose(expected.evaluated, near);
        expect(got.predicted).toBeAllclose(expected.predicted, near);
        // After the first step, which makes what the optimizer keeps.
        for (const { tensors } of [expected, got]) expect(new Set(tensors).size).toBe(1);
        expect(new Set(got.buffers).size).toBe(1);
      },
    );

    test.each([
      // At most 20 in fit.
      ["a sentiment classifier of lstm", "binaryCrossentropy", 18],
      ["a softmax head of classes by number, by sgd with momentum", "softmax gradient", 20],
    ])(
      "a step of %s with %s is at most %i dispatches, and in fit two more",
      async (name, one, most) => {
        await tf.setBackend("webgpu");
        const { model: make, x: makeX, y: makeY } = cases[name]!;
        const [model, x, y] = [make(), makeX(), makeY()];
        const fit = (batchSize: number) => model.fit(x, y, { epochs: 1, batchSize, verbose: 0 });
        await fit(2);
        const step = await dispatchesOf(() => model.trainOnBatch(x, y));
        expect(step).toContain(one);
        expect(step.length).toBeLessThanOrEqual(most);
        // Two batches less one: what an epoch itself does is in both.
        const [single, double] = [
          await dispatchesOf(() => fit(4)),
          await dispatchesOf(() => fit(2)),
        ];
        expect(double.length - single.length).toBe(step.length + 2);
        model.dispose();
        tf.dispose([x, y]);
      },
    );

    test.each(Object.keys(cases))(
      "%s: rows alone are the batch's, to the last bit",
      async (name) => {
        await tf.setBackend("webgpu");
        const { model: make, x: makeX } = cases[name]!;
        const [model, x] = [make(), makeX()];
        const numbersOf = async (given: tf.Tensor) => {
          const predicted = model.predict(given) as tf.Tensor;
          const numbers = [...(await predicted.data())];
          tf.dispose([given, predicted]);
          return numbers;
        };
        const alone: number[] = [];
        const count = x.shape[0]!;
        for (let row = 0; row < count; row++) alone.push(...(await numbersOf(tf.slice(x, row, 1))));
        expect(alone).toEqual(await numbersOf(x));
        model.dispose();
      },
    );

    test("an average over the steps that a mask keeps is the cpu's", async () => {
      const averaged = async (backend: string) => {
        await tf.setBackend(backend);
        const model = sequential({
          layers: [
            layers.embedding({
              inputDim: 5,
              outputDim: 3,
              inputLength: 4,
              maskZero: true,
              seed: 1,
            }),
            stock.globalAveragePooling1d({}),
          ],
        });
        const ids = tf.tensor2d([0, 0, 3, 1, 2, 4, 0, 1], [2, 4], "int32");
        const averages = model.predict(ids) as tf.Tensor;
        const numbers = (await averages.data()).slice();
        model.dispose();
        tf.dispose([ids, averages]);
        return numbers;
      };
      const expected = await averaged("cpu");
      expect(await averaged("webgpu")).toBeAllclose(expected, near);
    });
  },
);
