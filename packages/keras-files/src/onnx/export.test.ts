import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import {
  activationOf,
  KerasActivation,
  kerasActivationNames,
  layers as ours,
} from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  model,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { InferenceSession } from "onnxruntime-node";
import { beforeAll, expect, test } from "vitest";
import { fileCase, fileIds, filePath, toTensor } from "../files.fixture.ts";
import { loadKerasModel } from "../index.ts";
import { exportOnnx } from "./export.ts";
import { expectAgreement, real, runOnnx, tokens } from "./runtime.fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: options of several of tfjs's layers.
type Any = any;

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const [B, T, I, H] = [3, 7, 5, 4];
const inputShape = [null, I];
const activations = [
  ...["linear", "tanh", "sigmoid", "hardSigmoid", "relu", "relu6", "elu", "selu", "softplus"],
  ...["softsign", "softmax", "logSoftmax", "swish", "mish", "gelu", "gelu_new"],
];
test.each(activations)("Dense and Activation: %s", async (activation) => {
  const dense = { units: 6, useBias: activation !== "linear", activation } as Any;
  const layer = stock.dense({ inputShape: [null, I], ...dense });
  const x = tf.mul(real([B, T, I]), 3);
  await expectAgreement(sequential({ layers: [layer] }), x);
  const alone = stock.activation({ activation: activation as Any, inputShape: [I] });
  await expectAgreement(sequential({ layers: [alone] }), tf.mul(real([B, I]), 3));
});

test.each(kerasActivationNames)("Keras's %s, as a model that was loaded has it", async (name) => {
  const layer = stock.dense({ units: 6, inputShape: [null, I] }) as Any;
  const activation = activationOf(name);
  if (activation instanceof KerasActivation) layer.activation = activation;
  else layer.activation = (stock.activation({ activation: activation as Any }) as Any).activation;
  await expectAgreement(sequential({ layers: [layer] }), tf.mul(real([B, T, I]), 2.5));
});

test.each(fileIds)("%s, saved by Keras, written as ONNX: Keras's own predictions", async (id) => {
  const made = await loadKerasModel(filePath(`${id}.keras`));
  const {
    inputs,
    predictions: [want],
  } = fileCase(id);
  const x = toTensor(inputs[0]!);
  const bytes = await exportOnnx(made);
  const [given] = (await InferenceSession.create(bytes)).inputMetadata;
  const fed = given!.isTensor && given!.type === "int32" ? tf.cast(x, "int32") : x;
  const [y] = Object.values(await runOnnx(bytes, { [given!.name]: fed }));
  expect(y!.dataSync()).toBeAllclose(toTensor(want).dataSync(), tolerances.onnx.outputs);
});

test("noise is nothing, Flatten flattens, models are layers", async () => {
  const inner = sequential({
    layers: [ours.gru({ units: H, returnSequences: true, inputShape: [T, I] })],
  });
  const made = sequential({
    layers: [
      stock.gaussianNoise({ stddev: 1, inputShape: [T, I] }),
      inner,
      stock.spatialDropout1d({ rate: 0.5 } as Any),
      stock.flatten(),
      stock.gaussianDropout({ rate: 0.5 }),
      stock.alphaDropout({ rate: 0.5 } as Any),
      sequential({ layers: [ours.dense({ units: 2, inputShape: [T * H] })] }),
    ],
  });
  await expectAgreement(made, real([B, T, I]));
});

test("a functional model, tokens as float or int, a layer that is used twice", async () => {
  for (const dtype of ["float32", "int32"] as const) {
    const words = input({ shape: [null], dtype });
    const vectors = ours.embedding({ inputDim: 9, outputDim: I }).apply(words) as Any;
    const dense = ours.dense({ units: I, activation: "tanh" });
    const twice = dense.apply(dense.apply(vectors)) as Any;
    const last = ours.lstm({ units: H }).apply(twice) as Any;
    await expectAgreement(model({ inputs: words, outputs: [last, vectors] }), tokens());
  }
});

test("inputs and outputs bear tfjs's names, tokens are int32, fixed sizes are fixed", async () => {
  const words = ours.embedding({ inputDim: 9, outputDim: I, name: "words" });
  const rnn = ours.simpleRNN({ units: H, returnSequences: true, name: "rnn" });
  const free = await InferenceSession.create(
    await exportOnnx(sequential({ layers: [words, rnn] })),
  );
  expect(free.inputMetadata).toEqual([
    { name: "words_input", isTensor: true, type: "int32", shape: ["batch", "time"] },
  ]);
  expect(free.outputMetadata).toEqual([
    { name: "rnn", isTensor: true, type: "float32", shape: ["batch", "time", H] },
  ]);
  const fixed = ours.lstm({ units: H, batchInputShape: [2, T, I], name: "lstm" });
  const session = await InferenceSession.create(await exportOnnx(sequential({ layers: [fixed] })));
  expect(session.inputMetadata).toMatchObject([{ name: "lstm_input", shape: [2, T, I] }]);
  expect(session.outputMetadata).toMatchObject([{ name: "lstm", shape: [2, H] }]);
});

test.each<[string, () => LayersModel, RegExp]>([
  [
    "no shapes",
    () => sequential(),
    /^exportOnnx: expected a model that knows its shapes, got sequential_\d+; give the first layer an inputShape, or call model\.build$/,
  ],
  [
    "a layer of another kind",
    () =>
      sequential({
        layers: [stock.conv1d({ filters: 1, kernelSize: 2, inputShape: [T, I], name: "conv" })],
      }),
    /^exportOnnx: conv: expected a layer of Activation, .*TimeDistributed, got class Conv1D; export the part of the model without it/,
  ],
  [
    "an activation that ONNX's recurrences lack",
    () =>
      sequential({
        layers: [ours.gru({ units: H, recurrentActivation: "gelu", inputShape, name: "gru" })],
      }),
    /^exportOnnx: gru: expected recurrentActivation to be one that ONNX's GRU knows \(tanh, .*hardSigmoidKeras2\), got gelu; train the model with one of those$/,
  ],
  [
    "softmax, which ONNX's recurrences lack",
    () =>
      sequential({
        layers: [ours.lstm({ units: H, activation: "softmax", inputShape, name: "lstm" })],
      }),
    /^exportOnnx: lstm: expected activation to be one that ONNX's LSTM knows .*, got softmax;/,
  ],
  [
    "an activation in a second direction",
    () => {
      const layer = ours.lstm({ units: H, name: "a" });
      const backwardLayer = ours.lstm({
        units: H,
        activation: "selu",
        goBackwards: true,
        name: "b",
      });
      return sequential({ layers: [ours.bidirectional({ layer, backwardLayer, inputShape })] });
    },
    /^exportOnnx: b: expected activation to be one that ONNX's LSTM knows/,
  ],
  [
    "an initial state",
    () => {
      const [x, h] = [input({ shape: inputShape }), input({ shape: [H] })];
      const y = ours.gru({ units: H, name: "gru" }).apply([x, h] as Any) as Any;
      return model({ inputs: [x, h], outputs: y });
    },
    /^exportOnnx: gru: expected one input, got 2/,
  ],
  [
    "a mask at a stateful layer",
    () =>
      sequential({
        layers: [
          stock.masking({ batchInputShape: [B, T, I] }),
          ours.gru({ units: H, stateful: true, name: "gru" }),
        ],
      }),
    /^exportOnnx: gru: expected no mask at a stateful layer, got a mask, from Embedding's maskZero or Masking; leave out one of the two$/,
  ],
  [
    "one state for two calls",
    () => {
      const x = input({ batchShape: [B, T, I] });
      const gru = ours.gru({ units: I, stateful: true, returnSequences: true, name: "gru" });
      const y = gru.apply(gru.apply(x)) as Any;
      return model({ inputs: x, outputs: y });
    },
    /^exportOnnx: gru: expected a stateful layer applied once, got twice, with one state for both; make it/,
  ],
  [
    "a mask around a distributed recurrence",
    () =>
      sequential({
        layers: [
          ours.embedding({ inputDim: 9, outputDim: 2, maskZero: true, inputLength: [2, 3] }),
          stock.timeDistributed({ layer: ours.gru({ units: H }), name: "each" }),
        ],
      }),
    /^exportOnnx: each: expected no mask around a layer of class GRU/,
  ],
  [
    "a mask out of a model that is a layer",
    () => {
      const inner = sequential({ layers: [stock.masking({ inputShape: [T, I] })], name: "inner" });
      const first = stock.activation({ activation: "tanh", inputShape: [T, I] });
      return sequential({ layers: [first, inner, ours.gru({ units: H })] });
    },
    /^exportOnnx: inner: expected no mask into or out of a model that is a layer/,
  ],
])("refused: %s", async (_, make, message) => {
  await expect(exportOnnx(make())).rejects.toThrow(message);
});

test("nothing is left behind: no tensor, and the next export gives the same bytes", async () => {
  const made = sequential({ layers: [ours.lstm({ units: H, inputShape })] });
  const bytes = await exportOnnx(made);
  const before = tf.memory().numTensors;
  expect(await exportOnnx(made)).toEqual(bytes);
  expect(tf.memory().numTensors).toBe(before);
});
