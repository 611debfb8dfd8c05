import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { regularizers, sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import * as layers from "./layers.ts";

const tokens = () => tf.tensor2d([0, 2, 2, 1], [2, 2], "int32");

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test("every token is its row, and a row's gradient is the sum over its tokens", async () => {
    await tf.setBackend(backend);
    const layer = layers.embedding({ inputDim: 3, outputDim: 2 });
    layer.build([null, 2]);
    layer.setWeights([tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])]);
    const out = layer.apply(tokens()) as tf.Tensor;
    expect(out.arraySync()).toEqual([
      [
        [1, 2],
        [5, 6],
      ],
      [
        [5, 6],
        [3, 4],
      ],
    ]);
    // Tokens as float32, as datasets often hold them.
    const floats = layer.apply(tf.cast(tokens(), "float32")) as tf.Tensor;
    expect(floats.dataSync()).toEqual(out.dataSync());
    const table = layer.trainableWeights[0]!.read() as tf.Variable;
    const dOut = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.mul(layer.apply(tokens()) as tf.Tensor, dOut)) as tf.Scalar,
      [table],
    );
    expect(grads[table.name]!.arraySync()).toEqual([
      [1, 2],
      [7, 8],
      [8, 10],
    ]);
  });

  test("a token that has no row is refused by name", async () => {
    await tf.setBackend(backend);
    const layer = layers.embedding({ inputDim: 3, outputDim: 2, name: "words" });
    for (const token of [3, -1]) {
      expect(() => layer.apply(tf.tensor2d([[1, token]], [1, 2], "int32"))).toThrow(
        `words: expected tokens from 0 to below 3, got ${token}`,
      );
    }
  });
});

test("maskZero masks token 0, no mask without it", () => {
  const mask = (maskZero: boolean) =>
    layers.embedding({ inputDim: 3, outputDim: 2, maskZero }).computeMask(tokens()) as tf.Tensor;
  expect(Array.from(mask(true).dataSync())).toEqual([0, 1, 1, 1]);
  expect(mask(false)).toBeNull();
});

test("inputLength is the length of the sequences, in the model and in its checks", () => {
  const layer = layers.embedding({ inputDim: 3, outputDim: 2, inputLength: 4, name: "words" });
  expect(sequential({ layers: [layer] }).outputShape).toEqual([null, 4, 2]);
  expect(() => layer.computeOutputShape([null, 5])).toThrow(
    "words: expected sequences of inputLength 4, got [null, 5]",
  );
  const any = sequential({ layers: [layers.embedding({ inputDim: 3, outputDim: 2 })] });
  expect(any.outputShape).toEqual([null, null, 2]);
});

test("its regularizer is part of the loss", () => {
  const embeddingsRegularizer = regularizers.l1({ l1: 2 });
  const layer = layers.embedding({ inputDim: 2, outputDim: 1, embeddingsRegularizer });
  layer.build([null, 1]);
  layer.setWeights([tf.tensor2d([3, -4], [2, 1])]);
  expect(layer.losses.map((loss) => loss().dataSync()[0])).toEqual([14]);
});

test("weights given are where it starts, alone or in a list; of another shape they are refused", () => {
  const weights = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  for (const given of [weights, [weights] as [tf.Tensor]]) {
    const layer = layers.embedding({ inputDim: 3, outputDim: 2, weights: given });
    layer.apply(tokens());
    expect(layer.getWeights()[0]!.arraySync()).toEqual(weights.arraySync());
  }
  const refused = (given: tf.Tensor | tf.Tensor[], got: string) =>
    expect(() =>
      layers.embedding({ inputDim: 3, outputDim: 2, weights: given as tf.Tensor, name: "words" }),
    ).toThrow(`words: expected weights of shape [3, 2], got ${got}`);
  refused(tf.ones([2, 3]), "[2, 3]");
  refused([weights, weights], "[3, 2] and [3, 2]");
});

test("its constraint holds after every step of an optimizer, its regularizer is in fit's loss", async () => {
  const made = (args: object) => {
    const weights = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const table = layers.embedding({ inputDim: 3, outputDim: 2, weights, ...args });
    const model = sequential({ layers: [table] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model;
  };
  const y = tf.fill([2, 2, 2], -1000);
  const model = made({ embeddingsConstraint: "nonNeg" });
  await model.trainOnBatch(tokens(), y);
  expect(tf.min(model.getWeights()[0]!).dataSync()[0]).toBe(0);
  const [free, held] = await Promise.all(
    [{}, { embeddingsRegularizer: regularizers.l1({ l1: 2 }) }].map((args) =>
      made(args).trainOnBatch(tokens(), tf.zeros([2, 2, 2])),
    ),
  );
  expect((held as number) - (free as number)).toBeAllclose(2 * 21);
});

test("bad options are refused", () => {
  const at = { name: "words" };
  expect(() => layers.embedding({ inputDim: 0, outputDim: 2, ...at })).toThrow(
    "embedding: expected inputDim to be a whole number from 1, got 0",
  );
  expect(() => layers.embedding({ inputDim: 2, outputDim: 1.5, ...at })).toThrow("got 1.5");
});
