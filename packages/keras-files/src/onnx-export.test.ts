import "@tensorflow/tfjs-backend-wasm";
import { layers as ours } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  model,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { InferenceSession } from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { fileCase, fileIds, filePath, toTensor } from "./files.fixture.ts";
import { loadKerasModel } from "./index.ts";
import { activationNames, activationOf, KerasActivation } from "./keras-activation.ts";
import { exportOnnx } from "./onnx-export.ts";
import { predictions, runOnnx, shake } from "./onnx-runtime.fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: options of several of tfjs's layers.
type Any = any;

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const [B, T, I, H] = [3, 7, 5, 4];
const inputShape = [null, I];
const real = (shape: number[], seed = 7) => tf.randomUniform(shape, -1.5, 1.5, "float32", seed);
/** Padding in front, behind, between, everywhere and nowhere. */
const tokens = () =>
  tf.tensor2d(
    [
      [0, 0, 3, 1, 2, 5, 4],
      [6, 1, 2, 3, 0, 0, 0],
      [0, 2, 0, 0, 5, 1, 0],
      [0, 0, 0, 0, 0, 0, 0],
      [1, 2, 3, 4, 5, 6, 1],
    ],
    [5, 7],
    "int32",
  );

async function expectAgreement(made: LayersModel, x: tf.Tensor): Promise<void> {
  shake(made);
  const { tfjs, onnx } = await predictions(made, x);
  expect(onnx.map((y) => y.shape)).toEqual(tfjs.map((y) => y.shape));
  for (const [i, y] of onnx.entries()) {
    expect(y.dataSync()).toBeAllclose(tfjs[i]!.dataSync(), { rtol: 0, atol: 1e-5 });
  }
}

const cells: Record<string, (args: Any) => Any> = {
  SimpleRNN: ours.simpleRNN,
  LSTM: ours.lstm,
  "GRU reset after": ours.gru,
  "GRU reset before": (args) => ours.gru({ ...args, resetAfter: false }),
  "tfjs SimpleRNN": stock.simpleRNN,
  "tfjs LSTM": stock.lstm,
  "tfjs GRU": stock.gru,
};
const isSimple = (name: string) => name.endsWith("SimpleRNN");
const functions = [
  "tanh",
  "sigmoid",
  "relu",
  "elu",
  "softplus",
  "softsign",
  "linear",
  "hardSigmoid",
];

describe.each(Object.entries(cells))("%s", (name, cell) => {
  const isStock = name.startsWith("tfjs");
  const bidirectional: (args: Any) => Any = isStock ? stock.bidirectional : ours.bidirectional;
  const both = [false, true];

  test.each(
    both.flatMap((returnSequences) =>
      both.flatMap((goBackwards) =>
        both.map((useBias) => ({ returnSequences, goBackwards, useBias })),
      ),
    ),
  )("%o", async (options) => {
    const layer = cell({ units: H, inputShape, ...options });
    await expectAgreement(sequential({ layers: [layer] }), real([B, T, I]));
  });

  test.each(isStock ? functions : [...functions, "leakyRelu"])("%s", async (activation) => {
    const recurrentActivation = activation === "sigmoid" ? "tanh" : activation;
    const gates = isSimple(name) ? {} : { recurrentActivation };
    const layer = cell({ units: H, inputShape, activation, ...gates });
    await expectAgreement(sequential({ layers: [layer] }), real([B, 4, I]));
  });

  const merges = ["concat", "sum", "mul", "ave"].flatMap((mergeMode) =>
    both.map((returnSequences) => ({ mergeMode, returnSequences })),
  );
  test.each(merges)("Bidirectional, %o", async ({ mergeMode, returnSequences }) => {
    const layer = bidirectional({
      layer: cell({ units: H, returnSequences }),
      mergeMode,
      inputShape,
    });
    await expectAgreement(sequential({ layers: [layer] }), real([B, T, I]));
  });

  test.each(both)(
    "every output of its own: returnState, mergeMode null (%o)",
    async (returnSequences) => {
      const x = input({ shape: inputShape });
      const options = { units: H, returnSequences, returnState: true };
      const one = cell(options).apply(x) as Any[];
      const two = bidirectional({ layer: cell(options), mergeMode: null }).apply(x) as Any[];
      await expectAgreement(model({ inputs: x, outputs: one }), real([B, T, I]));
      await expectAgreement(model({ inputs: x, outputs: two }), real([B, T, I]));
    },
  );

  test.each(both)("under masks of any pattern, goBackwards %o", async (goBackwards) => {
    const embedding = isStock ? stock.embedding : ours.embedding;
    const made = sequential({
      layers: [
        embedding({ inputDim: 7, outputDim: I, maskZero: true }),
        cell({ units: H, returnSequences: true, goBackwards }),
        ours.dropout({ rate: 0.5 }),
        ours.dense({ units: 3, activation: "tanh" }),
        cell({ units: 2, goBackwards }),
      ],
    });
    await expectAgreement(made, tokens());
  });

  test.each(both)("Bidirectional under masks, returnSequences %o", async (returnSequences) => {
    const made = sequential({
      layers: [
        (isStock ? stock : ours).masking({ maskValue: 0.5, inputShape }),
        bidirectional({ layer: cell({ units: H, returnSequences: true }) }),
        bidirectional({ layer: cell({ units: 2, returnSequences }), mergeMode: "sum" }),
      ],
    });
    const kept = tf.expandDims(tf.cast(tokens(), "bool"), 2);
    await expectAgreement(made, tf.where(kept, real([5, T, I]), tf.fill([5, T, I], 0.5)));
  });

  test("TimeDistributed", async () => {
    const each: (args: Any) => Any = isStock ? stock.timeDistributed : ours.timeDistributed;
    const inner = cell({ units: H, returnSequences: true });
    const layer = each({ layer: inner, inputShape: [null, 6, I] });
    const dense = each({ layer: ours.dense({ units: 2, activation: "softmax" }) });
    const flat = each({ layer: stock.flatten() });
    await expectAgreement(sequential({ layers: [layer, dense, flat] }), real([B, 3, 6, I]));
  });
});

test("a mask goes through TimeDistributed to the recurrence behind", async () => {
  const made = sequential({
    layers: [
      ours.embedding({ inputDim: 7, outputDim: I, maskZero: true }),
      ours.timeDistributed({ layer: ours.dense({ units: 2 }) }),
      ours.gru({ units: H }),
    ],
  });
  await expectAgreement(made, tokens());
});

test.each([
  { returnSequences: true },
  { returnSequences: false },
  { returnSequences: false, goBackwards: true },
  { returnSequences: true, goBackwards: true },
])("zeroOutputForMask, %o", async (options) => {
  const made = sequential({
    layers: [
      ours.embedding({ inputDim: 7, outputDim: I, maskZero: true }),
      ours.lstm({ units: H, zeroOutputForMask: true, ...options }),
    ],
  });
  await expectAgreement(made, tokens());
});

test("a backwardLayer of another kind, and a forward one that reads backwards", async () => {
  const gru = ours.gru({ units: H, goBackwards: true, returnSequences: true });
  const lstm = ours.lstm({ units: 3, returnSequences: true });
  for (const [layer, backwardLayer] of [
    [lstm, gru],
    [gru, lstm],
  ] as const) {
    const both = ours.bidirectional({ layer, backwardLayer, inputShape: [null, I] });
    await expectAgreement(sequential({ layers: [both] }), real([B, T, I]));
  }
});

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

test.each(activationNames)("Keras's %s, as a model that was loaded has it", async (name) => {
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
  expect(y!.dataSync()).toBeAllclose(toTensor(want).dataSync(), { rtol: 0, atol: 1e-5 });
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

test("batch and time of a file are free, other sizes than any before give tfjs's numbers", async () => {
  const size = fc.integer({ min: 1, max: 19 });
  const sizes = fc.record({ b: size, t: size, i: size, h: size, seed: fc.nat() });
  const property = fc.asyncProperty(
    ...[sizes, fc.constantFrom(...Object.keys(cells)), fc.boolean()],
    fc.array(fc.record({ b: size, t: size }), { minLength: 1, maxLength: 3 }),
    async ({ i, h, seed }, name, goBackwards, calls) => {
      const layer = cells[name]!({ units: h, goBackwards, inputShape: [null, i] });
      const made = sequential({ layers: [layer, ours.dense({ units: 2 })] });
      shake(made, seed);
      const bytes = await exportOnnx(made);
      for (const { b, t } of calls) {
        const x = real([b, t, i], seed);
        const [y] = Object.values(await runOnnx(bytes, { [made.inputNames[0]!]: x }));
        const want = made.predict(x) as tf.Tensor;
        expect(y!.dataSync()).toBeAllclose(want.dataSync(), { rtol: 0, atol: 1e-5 });
      }
      made.dispose();
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test("any mask, any sizes", async () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }));
  const masked = sizes.chain(([b, t]) =>
    fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: t, maxLength: t }), {
      minLength: b,
      maxLength: b,
    }),
  );
  const options = fc.record({
    returnSequences: fc.boolean(),
    goBackwards: fc.boolean(),
    zeroOutputForMask: fc.boolean(),
  });
  const property = fc.asyncProperty(masked, options, fc.boolean(), async (rows, given, both) => {
    const layer = ours.gru({ units: H, ...given });
    const made = sequential({
      layers: [
        ours.embedding({ inputDim: 3, outputDim: I, maskZero: true }),
        both ? ours.bidirectional({ layer }) : layer,
      ],
    });
    await expectAgreement(made, tf.tensor2d(rows, undefined, "int32"));
    made.dispose();
  });
  await fc.assert(property, { numRuns: 40 });
});

test.each(["tfjs", "ours"])(
  "a stateful model of %s goes on from the state that it is fed",
  async (whose) => {
    const { lstm, gru, bidirectional } = (whose === "tfjs" ? stock : ours) as Any;
    const made = sequential({
      layers: [
        lstm({
          units: H,
          stateful: true,
          returnSequences: true,
          batchInputShape: [B, 1, I],
          name: "one",
        }),
        bidirectional({ layer: gru({ units: 2, stateful: true, name: "gru" }), name: "two" }),
      ],
    });
    shake(made);
    made.resetStates();
    const bytes = await exportOnnx(made);
    const session = await InferenceSession.create(bytes);
    const states = { one_h: H, one_c: H, forward_gru_h: 2, backward_gru_h: 2 };
    expect(session.inputNames.slice().sort()).toEqual(["one_input", ...Object.keys(states)].sort());
    expect(session.inputMetadata.find(({ name }) => name === "one_h")).toMatchObject({
      shape: [B, H],
    });
    let carried = Object.fromEntries(
      Object.entries(states).map(([name, units]) => [name, tf.zeros([B, units])]),
    );
    for (let step = 0; step < 4; step++) {
      const x = real([B, 1, I], step);
      const outputs = await runOnnx(bytes, { one_input: x, ...carried });
      const want = (made.predict(x) as tf.Tensor).dataSync();
      expect(outputs.two!.dataSync()).toBeAllclose(want, { rtol: 0, atol: 1e-5 });
      carried = Object.fromEntries(
        Object.keys(states).map((name) => [name, outputs[`${name}_next`]!]),
      );
    }
  },
);

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
    /^exportOnnx: gru: expected recurrentActivation to be one that ONNX's GRU knows \(tanh, .*hardSigmoid\), got gelu; train the model with one of those$/,
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
