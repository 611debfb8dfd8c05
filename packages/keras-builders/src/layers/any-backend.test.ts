// A layer is the same on wasm as on cpu: what it gives, and its gradients, those of numbers that are equal or below 0
// too.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kerasActivationNames } from "../options/keras-activation.ts";
import { prepare } from "../prepare.ts";
import { setRandomSeed } from "../random-seed.ts";
import {
  factories,
  inputsOf,
  type Layer,
  made,
  madeOwn,
  ownFactories,
} from "./factories.fixture.ts";
import * as layers from "./layers.ts";

/** Options beside those of the table. */
const variants: Partial<Record<(typeof factories)[number], object[]>> = {
  activation: kerasActivationNames.map((activation) => ({ activation })),
  batchNormalization: [{ axis: 1 }],
  conv1d: [
    { padding: "causal" },
    { padding: "same", strides: 2, kernelSize: 3 },
    { padding: "causal", dilationRate: 2 },
  ],
  conv2d: [{ padding: "same", strides: [2, 1] }],
  conv2dTranspose: [{ padding: "same", strides: 2 }],
  depthwiseConv2d: [{ padding: "same", kernelSize: 3 }],
  separableConv2d: [{ padding: "same", kernelSize: 3, strides: 2 }],
  maxPooling1d: [
    { poolSize: 3, strides: 1, padding: "same" },
    { poolSize: 2, strides: 1 },
  ],
  maxPooling2d: [{ poolSize: [2, 3], strides: [1, 2], padding: "same" }],
  averagePooling1d: [{ poolSize: 3, strides: 1, padding: "same" }],
  averagePooling2d: [{ poolSize: [2, 3], strides: [1, 2], padding: "same" }],
  upSampling2d: [{ size: [3, 2] }, { interpolation: "bilinear" }],
};

type Case = [name: string, make: () => Layer, inputs: number[][]];
const cases: Case[] = [
  // Cells are in their layers, and what is drawn differs.
  ...factories
    .filter((factory) => !/Cell|dropout|noise/i.test(factory))
    .flatMap((factory) =>
      [{}, ...(variants[factory] ?? [])].map(
        (more): Case => [
          `${factory} ${JSON.stringify(more)}`,
          () => made("ours", factory, more),
          inputsOf(factory),
        ],
      ),
    ),
  ...ownFactories.map((factory): Case => [factory, () => madeOwn(factory), inputsOf(factory)]),
];

const wave = (shape: number[], from: number) => {
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Array.from({ length: size }, (_, i) => Math.sin(i + from)),
    shape,
  );
};

/** What a layer gives for inputs, and the gradients of its inputs and weights, by name. */
async function numbersOf(
  backend: string,
  make: () => Layer,
  given: readonly number[][],
  shapes: readonly number[][],
): Promise<Record<string, number[]>> {
  await tf.setBackend(backend);
  prepare();
  return tf.tidy(() => {
    const layer = make();
    const inputs = given.map((x, i) => tf.tensor(x, shapes[i]!));
    const call = (all: tf.Tensor[]) =>
      [layer.apply(all.length > 1 ? all : all[0]!)].flat() as tf.Tensor[];
    const cost = (outputs: tf.Tensor[]) =>
      tf.addN(outputs.map((y, k) => tf.sum(tf.mul(y, wave(y.shape, k))))) as tf.Scalar;
    call(inputs);
    layer.setWeights(layer.getWeights().map(({ shape }, k) => tf.abs(wave(shape, k + 1))));
    const numbers: Record<string, number[]> = {};
    const note = (name: string, all: readonly tf.Tensor[]) => {
      for (const [i, y] of all.entries()) numbers[`${name} ${i}`] = [...y.dataSync()];
    };
    note("output", call(inputs));
    const isLookup = layer.getClassName() === "Embedding";
    if (!isLookup) note("gradient of input", tf.grads((...all) => cost(call(all)))(inputs));
    const weights = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    if (weights.length > 0) {
      const { grads } = tf.variableGrads(() => cost(call(inputs)), weights);
      note(
        "gradient of weight",
        weights.map(({ name }) => grads[name]!),
      );
    }
    return numbers;
  });
}

describe.each(cases)("%s", (name, make, inputs) => {
  test("outputs and gradients on wasm are those on cpu", async () => {
    const shapes = inputs.map((shape) => [2, ...shape]);
    const value = name.startsWith("embedding")
      ? fc.nat(3)
      : fc.constantFrom(-2, -1, -1, -0.5, 0, 0, 0.5, 1, 1, 2);
    const drawn = fc.tuple(
      ...shapes.map((shape) => {
        const size = tf.util.sizeFromShape(shape);
        return fc.array(value, { minLength: size, maxLength: size });
      }),
    );
    await fc.assert(
      fc.asyncProperty(drawn, async (given) => {
        const wanted = await numbersOf("cpu", make, given, shapes);
        const got = await numbersOf("wasm", make, given, shapes);
        expect(Object.keys(got)).toEqual(Object.keys(wanted));
        for (const [what, values] of Object.entries(wanted)) {
          expect(got[what], what).toBeAllclose(values, { rtol: 1e-4, atol: 1e-5 });
        }
      }),
      { numRuns: 10 },
    );
  });
});

test("convolutions and pools in front of an LSTM train on wasm as on cpu", async () => {
  const histories: number[][] = [];
  for (const backend of ["cpu", "wasm"]) {
    await tf.setBackend(backend);
    setRandomSeed(1);
    const model = sequential({
      layers: [
        layers.conv1d({ filters: 4, kernelSize: 3, padding: "causal", inputShape: [12, 2] }),
        layers.maxPooling1d({ poolSize: 2 }),
        layers.conv1d({ filters: 3, kernelSize: 2, strides: 2, activation: "tanh" }),
        layers.lstm({ units: 5 }),
        layers.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const { history } = await model.fit(wave([8, 12, 2], 1), wave([8, 1], 3), {
      ...{ epochs: 5, batchSize: 4, shuffle: false, verbose: 0 },
    });
    histories.push(history.loss as number[]);
  }
  expect(histories[1]).toBeAllclose(histories[0]!, { rtol: 1e-4, atol: 1e-6 });
});
