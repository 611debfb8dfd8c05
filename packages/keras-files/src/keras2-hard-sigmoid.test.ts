// hard_sigmoid was clip(0.2x + 0.5, 0, 1) before Keras 3, as it is in tfjs-layers.

import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { accelerate, install } from "@rnnkit/keras-builders";
import { type io, setBackend, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import {
  type LayersModel,
  loadLayersModel,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { exportOnnx, loadKerasModel, saveKerasModel } from "./index.ts";
import {
  type AgedLayer,
  type AgedModel,
  agedH5,
  agedKeras,
  denseConfig,
  type Json,
  recurrentConfig,
  valuesOf,
} from "./load/aged-files.fixture.ts";
import { expectAgreement } from "./onnx/runtime.fixture.ts";
import { fill } from "./saved-models.fixture.ts";

beforeAll(async () => {
  await setBackend("wasm");
});

const [T, I, H] = [4, 3, 2];
const batch_input_shape = [null, T, I];
const hard = "hard_sigmoid";

const cellWeights = (gates: number, inputs = I): NonNullable<AgedLayer["weights"]> => [
  ["kernel", [inputs, gates * H]],
  ["recurrent_kernel", [H, gates * H]],
  ["bias", [gates * H]],
];
const recurrent = (className: string, gates: number, config: Json = {}): AgedLayer => ({
  className,
  config: recurrentConfig({ name: "first", units: H, batch_input_shape, ...config }),
  weights: cellWeights(gates),
});

/** Each beside the layer of tfjs-layers that computes what Keras 2 did. */
const first: Record<string, { file: AgedLayer; stock(): InstanceType<typeof stock.Layer> }> = {
  LSTM: {
    file: recurrent("LSTM", 4, { recurrent_activation: hard, unit_forget_bias: true }),
    stock: () => stock.lstm({ units: H, inputShape: [T, I], recurrentActivation: "hardSigmoid" }),
  },
  "LSTM, both activations": {
    file: recurrent("LSTM", 4, { activation: hard, recurrent_activation: hard }),
    stock: () =>
      stock.lstm({
        ...{ units: H, inputShape: [T, I] },
        ...{ activation: "hardSigmoid", recurrentActivation: "hardSigmoid" },
      }),
  },
  GRU: {
    file: recurrent("GRU", 3, { recurrent_activation: hard, reset_after: false }),
    stock: () => stock.gru({ units: H, inputShape: [T, I], recurrentActivation: "hardSigmoid" }),
  },
  "GRU of Keras 2.1, which had no reset_after": {
    file: recurrent("GRU", 3, { recurrent_activation: hard }),
    stock: () => stock.gru({ units: H, inputShape: [T, I], recurrentActivation: "hardSigmoid" }),
  },
  SimpleRNN: {
    file: recurrent("SimpleRNN", 1, { activation: hard }),
    stock: () => stock.simpleRNN({ units: H, inputShape: [T, I], activation: "hardSigmoid" }),
  },
  Bidirectional: {
    file: {
      className: "Bidirectional",
      config: {
        ...{ name: "first", trainable: true, dtype: "float32", batch_input_shape },
        ...{ merge_mode: "concat" },
        layer: {
          class_name: "LSTM",
          config: recurrentConfig({ name: "lstm", units: H, recurrent_activation: hard }),
        },
      },
      weights: [...cellWeights(4), ...cellWeights(4)].map(([name, shape], i) => [
        `${i < 3 ? "forward" : "backward"}/${name}`,
        shape,
      ]),
    },
    stock: () =>
      stock.bidirectional({
        layer: stock.lstm({ units: H, recurrentActivation: "hardSigmoid" }) as never,
        inputShape: [T, I],
        mergeMode: "concat",
      }),
  },
  "RNN of a cell": {
    file: {
      className: "RNN",
      config: {
        ...{ name: "first", trainable: true, dtype: "float32", batch_input_shape },
        ...{ return_sequences: false, return_state: false, go_backwards: false },
        ...{ stateful: false, unroll: false, time_major: false },
        cell: {
          class_name: "LSTMCell",
          config: recurrentConfig({ name: "cell", units: H, recurrent_activation: hard }),
        },
      },
      weights: cellWeights(4),
    },
    stock: () => stock.lstm({ units: H, inputShape: [T, I], recurrentActivation: "hardSigmoid" }),
  },
  "TimeDistributed Dense": {
    file: {
      className: "TimeDistributed",
      config: {
        ...{ name: "first", trainable: true, dtype: "float32", batch_input_shape },
        layer: {
          class_name: "Dense",
          config: denseConfig({ name: "inner", units: H, activation: hard }),
        },
      },
      weights: [
        ["kernel", [I, H]],
        ["bias", [H]],
      ],
    },
    stock: () =>
      stock.timeDistributed({
        layer: stock.dense({ units: H, activation: "hardSigmoid" }),
        inputShape: [T, I],
      }),
  },
  "Dense and Activation": {
    file: {
      className: "Dense",
      config: denseConfig({ name: "first", units: H, activation: hard, batch_input_shape }),
      weights: [
        ["kernel", [I, H]],
        ["bias", [H]],
      ],
    },
    stock: () => stock.dense({ units: H, activation: "hardSigmoid", inputShape: [T, I] }),
  },
};

const activation: AgedLayer = {
  className: "Activation",
  config: { name: "last", trainable: true, dtype: "float32", activation: hard },
};

const agedOf = (name: string, version: string | undefined = "2.3.0-tf"): AgedModel => ({
  version,
  layers: [first[name]!.file, activation],
});

/** What tfjs-layers' own layers make of the same weights: Keras 2's numbers. */
function stockModel(name: string): LayersModel {
  const model = sequential({
    layers: [first[name]!.stock(), stock.activation({ activation: "hardSigmoid" })],
  });
  const weights = (first[name]!.file.weights ?? []).map(([, shape], j) =>
    tensor(valuesOf(0, j, shape), shape),
  );
  model.setWeights(weights);
  return model;
}

// Large enough for each side of the corner.
const x = () =>
  tensor(
    fill([5, T, I], 9).map((value) => 6 * value),
    [5, T, I],
  );
const outputOf = (model: LayersModel): number[] =>
  tidy(() => [...(model.predict(x()) as Tensor).dataSync()]);

const load = async (bytes: Uint8Array): Promise<{ model: LayersModel; warnings: string[] }> => {
  const warnings: string[] = [];
  const model = await loadKerasModel(bytes, { onWarning: (text) => warnings.push(text) });
  return { model, warnings };
};

describe.each(Object.keys(first))("%s", (name) => {
  test.each([undefined, "2.1.6", "2.2.4-tf", "2.15.0"])(
    "saved by keras_version %s opens as it was, and says so once",
    async (version) => {
      const { model, warnings } = await load(await agedH5(agedOf(name, version)));
      expect(outputOf(model)).toBeAllclose(
        outputOf(stockModel(name)),
        tolerances.keras.predictions,
      );
      expect(warnings).toEqual([
        expect.stringMatching(/^loadKerasModel: hard_sigmoid .* saved by Keras 2.*0\.2x \+ 0\.5/),
      ]);
    },
  );

  // Keras 3 writes reset_after.
  test.skipIf(name.includes("no reset_after"))("saved by Keras 3 it is Keras 3's", async () => {
    const { model, warnings } = await load(await agedH5(agedOf(name, "3.15.1")));
    expect(warnings).toEqual([]);
    const [ours, older] = [outputOf(model), outputOf(stockModel(name))];
    expect(Math.max(...ours.map((y, i) => Math.abs(y - older[i]!)))).toBeGreaterThan(1e-3);
  });

  test("is kept by .keras, .h5 and ONNX", async () => {
    const { model } = await load(await agedH5(agedOf(name)));
    const wanted = outputOf(model);
    for (const format of ["keras", "h5"] as const) {
      const again = await load(await saveKerasModel(model, undefined, { format }));
      expect(again.warnings).toEqual([]);
      expect(outputOf(again.model)).toEqual(wanted);
    }
    if (name === "RNN of a cell") await expect(exportOnnx(model)).rejects.toThrow("class RNN");
    else await expectAgreement(model, x());
  });
});

test("tfjs-layers' own hardSigmoid is saved as what it is", async () => {
  const model = stockModel("LSTM");
  const again = await load(await saveKerasModel(model));
  expect(outputOf(again.model)).toBeAllclose(outputOf(model), tolerances.keras.predictions);
});

test("accelerate leaves an LSTM whose output is hardSigmoid's no slower", () => {
  const model = stockModel("LSTM, both activations");
  const before = outputOf(model);
  expect(accelerate(model).left).toEqual([]);
  expect(outputOf(model)).toBeAllclose(before, tolerances.keras.predictions);
});

test("a file of TensorFlow 2.12 to 2.15 is of Keras 2, whatever the paths' separator", async () => {
  const paths = [0, 1, 2].map((i) => `layers/lstm/cell/vars/${i}`);
  const inOlder = paths.map((path) => path.replace("layers", "_layer_checkpoint_dependencies"));
  const wanted = outputOf(stockModel("LSTM"));
  for (const separator of ["/", "\\"]) {
    for (const each of [paths, inOlder]) {
      const bytes = await agedKeras({ ...agedOf("LSTM", "2.13.1"), paths: each }, separator);
      const { model, warnings } = await load(bytes);
      expect(outputOf(model)).toBeAllclose(wanted, tolerances.keras.predictions);
      expect(warnings).toHaveLength(1);
    }
  }
});

test("tf.loadLayersModel keeps it too, once install() was called", async () => {
  install();
  const { model } = await load(await agedH5(agedOf("LSTM")));
  let saved: io.ModelArtifacts | undefined;
  await model.save({
    save: async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: {} as never };
    },
  });
  const again = await loadLayersModel({ load: async () => saved! });
  expect(outputOf(again)).toBeAllclose(outputOf(model), tolerances.keras.predictions);
});

test("a GRU of TensorFlow 2 with reset_after keeps it in tf.loadLayersModel", async () => {
  install();
  const config = recurrentConfig({
    ...{ name: "first", units: H, batch_input_shape, recurrent_activation: hard },
    reset_after: true,
  });
  const weights: AgedLayer["weights"] = [
    ["kernel", [I, 3 * H]],
    ["recurrent_kernel", [H, 3 * H]],
    ["bias", [2, 3 * H]],
  ];
  const file: AgedModel = { version: "2.4.0", layers: [{ className: "GRU", config, weights }] };
  const { model } = await load(await agedH5(file));
  const topology = {
    class_name: "Sequential",
    config: { name: "m", layers: [{ class_name: "GRU", config }] },
  };
  const data = weights.map(([, shape], j) => valuesOf(0, j, shape));
  const again = await loadLayersModel({
    load: async () => ({
      modelTopology: topology,
      weightSpecs: weights.map(([name, shape]) => ({
        name: `first/${name}`,
        shape,
        dtype: "float32",
      })),
      weightData: Float32Array.from(data.flatMap((values) => [...values])).buffer,
    }),
  });
  expect(outputOf(again)).toBeAllclose(outputOf(model), tolerances.keras.predictions);
});

test("a function that Python registered under another name is refused by name", async () => {
  const { model } = await load(await agedH5(agedOf("LSTM")));
  const members = unzipSync(await saveKerasModel(model));
  const config = strFromU8(members["config.json"]!).replaceAll("rnnkit>hard", "mine>hard");
  members["config.json"] = strToU8(config);
  await expect(loadKerasModel(zipSync(members))).rejects.toThrow(/recurrent_activation.*mine>hard/);
});
