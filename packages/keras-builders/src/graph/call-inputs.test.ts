import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { input, layers as stock } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { accelerate } from "../accelerate.ts";
import * as layers from "../layers/layers.ts";

type Layer = InstanceType<typeof stock.Layer>;

const x = tf.ones([2, 3, 2]);
const h = tf.ones([2, 1]);
const gone = tf.ones([2, 3, 2]);
gone.dispose();

const made: Record<string, () => Layer> = {
  lstm: () => layers.lstm({ units: 1, name: "it" }),
  bidirectional: () => layers.bidirectional({ layer: layers.gru({ units: 1 }), name: "it" }),
  rnn: () => layers.rnn({ cell: layers.gruCell({ units: 1 }), name: "it" }),
  lstmCell: () => layers.lstmCell({ units: 1, name: "it" }),
  stackedRNNCells: () =>
    layers.stackedRNNCells({ cells: [layers.gruCell({ units: 1 })], name: "it" }),
  timeDistributed: () => layers.timeDistributed({ layer: layers.dense({ units: 1 }), name: "it" }),
  dense: () => layers.dense({ units: 1, name: "it" }),
  masking: () => layers.masking({ name: "it" }),
  embedding: () => layers.embedding({ inputDim: 2, outputDim: 1, name: "it" }),
  dropout: () => layers.dropout({ rate: 0.5, name: "it" }),
  add: () => layers.add({ name: "it" }),
};

test.each(Object.keys(made))("%s is called with tensors in use, or says what came", (kind) => {
  const layer = made[kind]!();
  const refusals: [unknown, string][] = [
    [undefined, "it: expected an input that is a tensor, got undefined"],
    [5, "it: expected an input that is a tensor, got 5"],
    [gone, "it: expected an input that is a tensor, got one that was disposed"],
    [[], "it: expected an input, got an empty list"],
    [[[1, 2]], "it: expected input 0 that is a tensor, got [1, 2]"],
    [[x, gone], "it: expected input 1 that is a tensor, got one that was disposed"],
    [[x, [h, [h]]], "it: expected input 1 that is a tensor, got [an instance of Tensor of"],
    [
      new Float32Array(6),
      "it: expected an input that is a tensor, got an instance of Float32Array",
    ],
    [[x, input({ shape: [3, 2] })], "it: expected tensors or outputs of layers, got both"],
  ];
  const before = tf.memory().numTensors;
  for (const [inputs, message] of refusals) {
    expect(() => layer.apply(inputs as never)).toThrow(message);
  }
  expect(tf.memory().numTensors).toBe(before);
  expect(layer.built).toBe(false);
});

test("initial states and masks are tensors in use too, and lists of them are flat", () => {
  const layer = layers.lstm({ units: 1, name: "it" });
  const called = (kwargs: Record<string, unknown>) => () => layer.apply(x, kwargs);
  expect(called({ initialState: [[h, h]] })).toThrow(
    "it: expected an initialState that is a tensor, got [an instance of Tensor of shape [2, 1]",
  );
  expect(called({ initialState: [h, 0] })).toThrow("an initialState that is a tensor, got 0");
  expect(called({ initialState: [h, gone] })).toThrow("got one that was disposed");
  expect(called({ mask: [[1, 0, 1]] })).toThrow(
    "it: expected a mask that is a tensor, got [1, 0, 1]",
  );
  expect(called({ mask: gone })).toThrow("a mask that is a tensor, got one that was disposed");
  expect((layer.apply(x, { initialState: [h, h], mask: null }) as tf.Tensor).shape).toEqual([2, 1]);
});

test("only a model is accelerated", () => {
  for (const [value, got] of [
    [undefined, "undefined"],
    ["model.json", '"model.json"'],
    [stock.dense({ units: 1 }), "an instance of Dense"],
    [Promise.resolve(), "an instance of Promise"],
  ]) {
    expect(() => accelerate(value as never)).toThrow(
      `accelerate: expected a model, as tf.loadLayersModel gives, got ${got}`,
    );
  }
});
