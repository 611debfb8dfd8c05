// Every layer with every option set: saved, loaded after install(), and the same.

import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import {
  constraints,
  initializers,
  type LayersModel,
  loadLayersModel,
  regularizers,
  sequential,
  type layers as stock,
} from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { install } from "./install.ts";
import * as layers from "./layers/layers.ts";

type Layer = InstanceType<typeof stock.Layer>;
const [B, T, I, H] = [2, 4, 3, 2];

beforeAll(async () => {
  await tf.setBackend("wasm");
  install();
});

const cost = () => regularizers.l1l2({ l1: 0.1, l2: 0.2 });
const start = () => initializers.randomUniform({ minval: -1, maxval: 1, seed: 4 });
const limit = () => constraints.maxNorm({ maxValue: 2, axis: 0 });
const first = { batchInputShape: [B, T, I] };
const sequence = {
  returnSequences: true,
  goBackwards: true,
  stateful: true,
  unroll: true,
  zeroOutputForMask: true,
  activityRegularizer: cost(),
};
const recurrent = {
  ...sequence,
  units: H,
  activation: "elu" as const,
  kernelInitializer: start(),
  recurrentInitializer: initializers.orthogonal({ gain: 0.5, seed: 2 }),
  biasInitializer: start(),
  kernelRegularizer: cost(),
  recurrentRegularizer: cost(),
  biasRegularizer: cost(),
  kernelConstraint: limit(),
  recurrentConstraint: constraints.unitNorm({ axis: 0 }),
  biasConstraint: constraints.nonNeg(),
  dropout: 0.1,
  recurrentDropout: 0.2,
  seed: 7,
  trainable: false,
  name: "named",
};
const gated = {
  ...recurrent,
  recurrentActivation: "hard_sigmoid" as const,
  implementation: 1,
  useCudnn: false,
};
const table = { inputDim: 5, outputDim: H, maskZero: true, inputLength: T };

/** Each with the keys of Keras's config that the file must hold. */
const made: [string, () => Layer[], Record<string, unknown>][] = [
  [
    "SimpleRNN",
    () => [layers.simpleRNN({ ...recurrent, useBias: false, ...first })],
    { recurrent_dropout: 0.2, use_bias: false, seed: 7, trainable: false, name: "named" },
  ],
  [
    "LSTM",
    () => [layers.lstm({ ...gated, unitForgetBias: false, ...first })],
    { unit_forget_bias: false, zero_output_for_mask: true, go_backwards: true, stateful: true },
  ],
  [
    "GRU",
    () => [layers.gru({ ...gated, resetAfter: false, ...first })],
    { reset_after: false, recurrent_activation: "hard_sigmoid", implementation: 1, unroll: true },
  ],
  [
    "RNN",
    () => [layers.rnn({ ...sequence, cell: layers.gruCell({ units: H, seed: 1 }), ...first })],
    { zero_output_for_mask: true, return_sequences: true },
  ],
  [
    "Bidirectional",
    () => [
      layers.bidirectional({
        layer: layers.lstm({ ...gated, goBackwards: false, name: "forth" }),
        backwardLayer: layers.gru({ ...gated, name: "back" }),
        mergeMode: "sum",
        activityRegularizer: cost(),
        ...first,
      }),
    ],
    { merge_mode: "sum" },
  ],
  [
    "TimeDistributed",
    () => [
      layers.timeDistributed({
        layer: layers.dense({ units: H, activation: "relu", kernelRegularizer: cost(), seed: 1 }),
        activityRegularizer: cost(),
        trainable: false,
        ...first,
      }),
    ],
    { activity_regularizer: { class_name: "L1L2", config: { l1: 0.1, l2: 0.2 } } },
  ],
  [
    "TimeDistributed",
    () => [
      layers.timeDistributed({
        layer: sequential({ layers: [layers.gru({ units: H, seed: 1, inputShape: [T, I] })] }),
        batchInputShape: [B, 2, T, I],
      }),
    ],
    {},
  ],
  [
    "Embedding",
    () => [
      layers.embedding({
        ...table,
        embeddingsInitializer: start(),
        embeddingsRegularizer: cost(),
        embeddingsConstraint: limit(),
        activityRegularizer: cost(),
      }),
    ],
    { mask_zero: true, input_length: T, input_dim: 5, output_dim: H },
  ],
  [
    "Masking",
    () => [layers.masking({ maskValue: 0.5, ...first }), layers.lstm({ units: H, seed: 1 })],
    { mask_value: 0.5 },
  ],
  [
    "Dropout",
    () => [layers.dropout({ rate: 0.3, noiseShape: [B, 1, I], seed: 5, ...first })],
    { rate: 0.3, noise_shape: [B, 1, I], seed: 5 },
  ],
];

async function saved(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = { ...given, modelTopology: JSON.parse(JSON.stringify(given.modelTopology)) };
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(given) };
    }),
  );
  return artifacts;
}

test.each(made)("%s, every option set, comes back as it was", async (className, make, keras) => {
  const model = sequential({ layers: make() });
  const layer = model.layers.find((each) => each.getClassName() === className)!;
  const artifacts = await saved(model);
  const loaded = await loadLayersModel(tf.io.fromMemory(artifacts));

  const [again] = loaded.layers.filter((each) => each.getClassName() === className);
  expect(again!.constructor).toBe(layer.constructor);
  expect(again!.getConfig()).toEqual(layer.getConfig());
  const values = (of: LayersModel) => of.getWeights().map((w) => w.arraySync());
  expect(values(loaded)).toEqual(values(model));
  expect(loaded.trainableWeights.length).toBe(model.trainableWeights.length);
  const shape = model.inputs[0]!.shape.map((n) => n ?? B);
  const x =
    className === "Embedding"
      ? tf.tensor2d([1, 2, 0, 4, 3, 3, 0, 0], [B, T], "int32")
      : tf.randomUniform(shape, -1, 1, "float32", 5);
  const predicted = (of: LayersModel) => (of.predict(x, { batchSize: B }) as tf.Tensor).arraySync();
  expect(predicted(loaded)).toEqual(predicted(model));

  const topology = artifacts.modelTopology as {
    config: { layers: { class_name: string; config: object }[] };
  };
  const written = topology.config.layers.find(({ class_name }) => class_name === className)!;
  expect(written.config).toMatchObject(keras);
  expect((await saved(loaded)).modelTopology).toEqual(artifacts.modelTopology);
});
