// Files of every age: what Keras up to 3.15 wrote, opened as the model that was saved.

import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { layers } from "@rnnkit/keras-builders";
import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { type LayersModel, sequential, type layers as stock } from "@tensorflow/tfjs-layers";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { fileBytes } from "../files.fixture.ts";
import { hdf5Bytes } from "../hdf5/writer.ts";
import { loadKerasModel, loadWeights, saveKerasModel } from "../index.ts";
import { layerClassName } from "../keras/keras-aliases.ts";
import { fill } from "../saved-models.fixture.ts";
import {
  type AgedLayer,
  type AgedModel,
  agedH5,
  agedWeights,
  denseConfig,
  type Json,
  recurrentConfig,
  valuesOf,
} from "./aged-files.fixture.ts";

const [B, T, I, H] = [2, 4, 3, 2];
const batch_input_shape = [null, T, I];

const load = async (bytes: Uint8Array): Promise<{ model: LayersModel; warnings: string[] }> => {
  const warnings: string[] = [];
  const model = await loadKerasModel(bytes, { onWarning: (text) => warnings.push(text) });
  return { model, warnings };
};

const outputOf = (model: LayersModel, shape: number[] = [B, T, I]): number[] =>
  tidy(() => [...(model.predict(tensor(fill(shape, 9), shape)) as Tensor).dataSync()]);

/** A model of ours with the weights that the fixture gives a file's first layer. */
function ours(layer: InstanceType<typeof stock.Layer>, file: AgedLayer): LayersModel {
  const model = sequential({ layers: [layer] });
  model.setWeights(
    file.weights!.map(([, shape, values], j) =>
      tensor(values ? Float32Array.from(values) : valuesOf(0, j, shape), shape),
    ),
  );
  return model;
}

const lstmFile = (config: Json = {}, weights?: AgedLayer["weights"]): AgedLayer => ({
  className: "LSTM",
  config: recurrentConfig({
    ...{ name: "first", units: H, recurrent_activation: "sigmoid", batch_input_shape },
    ...config,
  }),
  weights: weights ?? [
    ["kernel", [I, 4 * H]],
    ["recurrent_kernel", [H, 4 * H]],
    ["bias", [4 * H]],
  ],
});

describe("a Sequential as Keras up to 2.2.2 wrote it", () => {
  const model = (list: Json[]): Json => ({ class_name: "Sequential", config: list });

  test("is a list of layers, the first with batch_input_shape", async () => {
    const file = lstmFile();
    const opened = await load(await agedH5({ version: "2.1.5", layers: [file], model }));
    expect(opened.warnings).toEqual([]);
    const wanted = ours(layers.lstm({ units: H, inputShape: [T, I] }), file);
    expect(outputOf(opened.model)).toEqual(outputOf(wanted));
  });

  test("may begin with an Embedding", async () => {
    const embedding: AgedLayer = {
      className: "Embedding",
      config: {
        ...{ name: "e", trainable: true, dtype: "float32", batch_input_shape: [null, T] },
        ...{ input_dim: 5, output_dim: I, input_length: T, mask_zero: true },
        embeddings_initializer: {
          class_name: "RandomUniform",
          config: { minval: -0.05, maxval: 0.05, seed: null },
        },
        ...{ embeddings_regularizer: null, activity_regularizer: null },
        embeddings_constraint: null,
      },
      weights: [["embeddings", [5, I]]],
    };
    const file: AgedModel = { version: "2.2.2", layers: [embedding, lstmFile()], model };
    const { model: opened } = await load(await agedH5(file));
    expect(opened.inputs[0]!.shape).toEqual([null, T]);
    expect(opened.layers.at(-1)!.getConfig().units).toBe(H);
  });
});

/** As cuDNN holds them: each gate's matrix turned, in the rows of the one that it was. */
function toCudnn(values: Float32Array, rows: number, gates: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let gate = 0; gate < gates; gate++) {
    const turned: number[] = [];
    for (let unit = 0; unit < H; unit++) {
      for (let row = 0; row < rows; row++) {
        turned.push(values[row * gates * H + gate * H + unit]!);
      }
    }
    for (const [i, value] of turned.entries()) {
      result[Math.floor(i / H) * gates * H + gate * H + (i % H)] = value;
    }
  }
  return result;
}

describe.each([
  ["CuDNNLSTM", 4],
  ["CuDNNGRU", 3],
] as const)("%s", (className, gates) => {
  const [kernel, recurrent] = [valuesOf(0, 0, [I, gates * H]), valuesOf(0, 1, [H, gates * H])];
  const bias = fill([2 * gates * H], 8);
  const cudnn: AgedLayer["weights"] = [
    ["kernel", [I, gates * H], toCudnn(kernel, I, gates)],
    ["recurrent_kernel", [H, gates * H], toCudnn(recurrent, H, gates)],
    ["bias", [2 * gates * H], bias],
  ];
  const config = (more: Json = {}): Record<string, Json> => {
    const { activation, use_bias, unroll, dropout, implementation, ...all } = recurrentConfig({
      ...{ name: "first", units: H, ...more },
    });
    return all;
  };
  const file = (more?: Json): AgedLayer => ({
    className,
    config: config({ batch_input_shape, ...more }),
    weights: cudnn,
  });
  const cell = (inputShape?: number[]) => {
    const shape = inputShape ? { inputShape } : {};
    return gates === 4
      ? layers.lstm({ units: H, ...shape })
      : layers.gru({ units: H, resetAfter: true, ...shape });
  };
  const bothBiases = gates === 4 ? bias.slice(0, 8).map((b, i) => b + bias[8 + i]!) : bias;
  const weights = () => [
    tensor(kernel, [I, gates * H]),
    tensor(recurrent, [H, gates * H]),
    tensor(bothBiases, gates === 4 ? [4 * H] : [2, 3 * H]),
  ];

  test("is an ordinary layer with both biases, and so is one that is saved again", async () => {
    const wanted = sequential({ layers: [cell([T, I])] });
    wanted.setWeights(weights());
    const { model, warnings } = await load(await agedH5({ version: "2.2.4", layers: [file()] }));
    expect(warnings).toEqual([]);
    expect(outputOf(model)).toBeAllclose(outputOf(wanted), tolerances.keras.predictions);
    const again = await load(await saveKerasModel(model));
    expect(outputOf(again.model)).toEqual(outputOf(model));
  });

  test("in a Bidirectional, whose weights are both directions'", async () => {
    const both: AgedLayer = {
      className: "Bidirectional",
      config: {
        ...{ name: "first", trainable: true, batch_input_shape, merge_mode: "concat" },
        layer: { class_name: className, config: config() },
      },
      weights: [
        ...cudnn!.map(([name, ...of]): NonNullable<AgedLayer["weights"]>[0] => [
          `f/${name}`,
          ...of,
        ]),
        ...cudnn!.map(([name, ...of]): NonNullable<AgedLayer["weights"]>[0] => [
          `b/${name}`,
          ...of,
        ]),
      ],
    };
    const wanted = sequential({
      layers: [layers.bidirectional({ layer: cell(), inputShape: [T, I] })],
    });
    wanted.setWeights([...weights(), ...weights()]);
    const { model } = await load(await agedH5({ version: "2.3.1", layers: [both] }));
    expect(outputOf(model)).toBeAllclose(outputOf(wanted), tolerances.keras.predictions);
  });

  test("by loadWeights into the ordinary layer, by position", async () => {
    const model = sequential({ layers: [cell([T, I])] });
    const wanted = sequential({ layers: [cell([T, I])] });
    wanted.setWeights(weights());
    await loadWeights(model, await agedWeights({ version: "2.2.4", layers: [file()] }));
    expect(outputOf(model)).toBeAllclose(outputOf(wanted), tolerances.keras.predictions);
  });
});

test("a CuDNNGRU's weights do not fit a GRU with resetAfter false", async () => {
  const model = sequential({
    layers: [layers.gru({ units: H, resetAfter: false, inputShape: [T, I] })],
  });
  const weights: AgedLayer["weights"] = [
    ["kernel", [I, 3 * H]],
    ["recurrent_kernel", [H, 3 * H]],
    ["bias", [6 * H]],
  ];
  const layer: AgedLayer = { className: "CuDNNGRU", config: { name: "g" }, weights };
  const bytes = await agedWeights({ version: "2.2.4", layers: [layer] });
  await expect(loadWeights(model, bytes)).rejects.toThrow("of shape [6], got [12]");
});

test("time_major true is refused with its age and the cure", async () => {
  const bytes = await agedH5({ version: "2.4.0", layers: [lstmFile({ time_major: true })] });
  await expect(loadKerasModel(bytes)).rejects.toThrow(
    /LSTM "first": expected time_major false, got true, .* make it false in Keras 2/,
  );
});

test("a file of Keras 1 is refused with its age and the cure", async () => {
  const config = {
    ...{ name: "dense_1", output_dim: 2, init: "glorot_uniform", activation: "linear" },
    ...{ batch_input_shape: [null, 3], W_regularizer: null, bias: true },
  };
  for (const version of ["1.2.2", undefined]) {
    const layer = { className: "Dense", config };
    await expect(loadKerasModel(await agedH5({ version, layers: [layer] }))).rejects.toThrow(
      /Dense "dense_1": expected a layer of Keras 2 or 3, got one of Keras 1, .* save it there/,
    );
  }
});

test("weights alone are refused with the cure, and loaded by position whatever the names", async () => {
  const file: AgedModel = { version: "2.2.4", layers: [lstmFile({ name: "lstm_17" })] };
  const bytes = await agedWeights(file);
  await expect(loadKerasModel(bytes)).rejects.toThrow("load them into a model with loadWeights");
  const model = sequential({ layers: [layers.lstm({ units: H, inputShape: [T, I] })] });
  await loadWeights(model, bytes);
  expect(outputOf(model)).toEqual(
    outputOf(ours(layers.lstm({ units: H, inputShape: [T, I] }), file.layers[0]!)),
  );
});

test("LeakyReLU's alpha and BatchNormalization's list of one axis are Keras 3's arguments", async () => {
  const weights = ["gamma", "beta", "moving_mean", "moving_variance"].map(
    (name): NonNullable<AgedLayer["weights"]>[0] => [name, [I], [1, 2, 3]],
  );
  const axis = { axis: [2], momentum: 0.99, epsilon: 0.001, center: true, scale: true };
  const file: AgedModel = {
    version: "2.4.0",
    layers: [
      {
        className: "LeakyReLU",
        config: { name: "l", trainable: true, dtype: "float32", alpha: 0.125, batch_input_shape },
      },
      {
        className: "BatchNormalizationV1",
        config: { name: "b", trainable: true, dtype: "float32", ...axis },
        weights,
      },
    ],
  };
  const { model } = await load(await agedH5(file));
  const x = tensor([-8, -8, -8], [1, 1, 3]);
  const wanted = [1, 2, 3].map((w) => ((-1 - w) / Math.sqrt(w + 0.001)) * w + w);
  const y = model.predict(tensor([...x.dataSync(), ...Array(9).fill(0)], [1, T, I])) as Tensor;
  expect([...y.dataSync()].slice(0, 3)).toBeAllclose(wanted, { atol: 1e-5 });
});

describe("how a model of Keras 2 was compiled", () => {
  const training = {
    loss: "mse",
    metrics: [
      [{ class_name: "MeanMetricWrapper", config: { name: "mae", fn: "mean_absolute_error" } }],
    ],
    ...{ weighted_metrics: null, loss_weights: null, sample_weight_mode: null },
    optimizer_config: {
      class_name: "Custom>adam",
      config: { lr: 0.25, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, decay: 0, amsgrad: false },
    },
  };
  const opened = async (changed: Json = {}) => {
    const layer = {
      className: "Dense",
      config: denseConfig({ name: "d", units: 1, batch_input_shape: [null, 2] }),
    };
    const config = { ...training.optimizer_config.config, ...changed };
    const optimizer_config = { ...training.optimizer_config, config };
    const sizes: [string, number[]][] = [
      ["kernel", [2, 1]],
      ["bias", [1]],
    ];
    const bytes = await hdf5Bytes((file) => {
      const json = {
        class_name: "Sequential",
        config: [{ class_name: "Dense", config: layer.config }],
      };
      file.bytes("", "model_config", JSON.stringify(json));
      file.bytes("", "keras_version", "2.2.4");
      file.bytes("", "training_config", JSON.stringify({ ...training, optimizer_config }));
      file.bytesList("model_weights", "layer_names", ["d"]);
      file.bytesList(
        "model_weights/d",
        "weight_names",
        sizes.map(([name]) => name),
      );
      for (const [name, shape] of sizes)
        file.dataset(`model_weights/d/${name}`, fill(shape, 1), shape);
      const state: [string, number[]][] = [
        ["i", []],
        ["m0", [2, 1]],
        ["m1", [1]],
        ["v0", [2, 1]],
        ["v1", [1]],
      ];
      file.bytesList(
        "optimizer_weights",
        "weight_names",
        state.map(([name]) => name),
      );
      for (const [name, shape] of state)
        file.dataset(`optimizer_weights/${name}`, fill(shape, 1), shape);
    });
    return load(bytes);
  };

  test("lr is the rate, a registered name is Keras's, and the state, which lies otherwise, is said to be fresh", async () => {
    const { model, warnings } = await opened();
    expect((model.optimizer as Json).learningRate).toBe(0.25);
    expect(model.metrics).toEqual(["mae"]);
    expect(warnings).toEqual([
      expect.stringContaining("a fresh optimizer: its state is of Keras 2.2.4"),
    ]);
  });

  test("decay, which Keras 3 does not have, is its schedule with the same rates", async () => {
    const { model } = await opened({ decay: 0.5 });
    const { learningRateSchedule } = model.optimizer as Json;
    expect([0, 1, 6].map((step) => learningRateSchedule(step))).toBeAllclose([
      ...[0.25, 0.25 / 1.5, 0.25 / 4],
    ]);
  });
});

/** A .keras file of Keras's own whose config is changed. */
function changed(change: (config: Json) => void): Uint8Array {
  const members = unzipSync(fileBytes("file_simple_rnn.keras"));
  const config = JSON.parse(strFromU8(members["config.json"]!));
  change(config);
  members["config.json"] = strToU8(JSON.stringify(config));
  return zipSync(members, { level: 0 });
}

const initializer = (name: string, module: string | null = "keras.initializers") => ({
  ...{ module, class_name: name, config: { gain: 1, seed: null }, registered_name: null },
});

describe("initializers of a file with weights", () => {
  test.each([
    ["OrthogonalInitializer", "Orthogonal"],
    ["IdentityInitializer", "Identity"],
    ["orthogonal", "Orthogonal"],
    ["normal", "RandomNormal"],
    ["uniform", "RandomUniform"],
    ["one", "Ones"],
    ["zero", "Zeros"],
    ["lecun_uniform", "LecunUniform"],
  ])("%s is %s", async (alias, name) => {
    const { model, warnings } = await load(
      changed(({ config }) => (config.layers[1].config.recurrent_initializer = initializer(alias))),
    );
    expect(warnings).toEqual([]);
    const saved = JSON.parse(strFromU8(unzipSync(await saveKerasModel(model))["config.json"]!));
    expect(saved.config.layers[1].config.recurrent_initializer.class_name).toBe(name);
  });

  test.each([
    ["of another class", initializer("STFTInitializer")],
    ["of another package", initializer("Mine", "my_package.initializers")],
    ["that is code", { class_name: "__lambda__", config: { value: "4wA=" } }],
  ])("one %s does not decide whether it opens, and onWarning says so", async (_, given) => {
    const wanted = await load(fileBytes("file_simple_rnn.keras"));
    const { model, warnings } = await load(
      changed(({ config }) => (config.layers[1].config.recurrent_initializer = given)),
    );
    expect(model.getWeights().map((w) => [...w.dataSync()])).toEqual(
      wanted.model.getWeights().map((w) => [...w.dataSync()]),
    );
    expect(warnings).toEqual([
      expect.stringMatching(/the weights are those of the file, recurrent_initializer is not/),
    ]);
  });
});

test("layers go by all of Keras's names", () => {
  expect(["MaxPool1D", "GlobalAvgPool1D", "Convolution1D", "LSTM"].map(layerClassName)).toEqual([
    ...["MaxPooling1D", "GlobalAveragePooling1D", "Conv1D", "LSTM"],
  ]);
});

describe("NaN and infinities, as Python writes them", () => {
  const text = (value: string, limit = "Infinity") =>
    `{"class_name": "Sequential", "config": {"name": "NaN Infinity \\" -Infinity", "layers": [
      {"class_name": "Masking", "config": {"name": "m", "trainable": true, "dtype": "float32",
        "batch_input_shape": [null, 2, 1], "mask_value": ${value}}},
      {"class_name": "ReLU", "config": {"name": "r", "trainable": true, "dtype": "float32",
        "max_value": ${limit}, "negative_slope": 0.0, "threshold": 0.0}}]}}`;
  const opened = async (value: string, limit?: string) => {
    const layers = ["m", "r"].map((name) => ({ className: "", config: { name } }));
    return (await load(await agedH5({ version: "2.4.0", layers }, text(value, limit)))).model;
  };

  test.each(["NaN", "-Infinity", "Infinity"])(
    "a mask value of %s is read, saved and read",
    async (value) => {
      const model = await opened(value);
      expect(model.name).toBe('NaN Infinity " -Infinity');
      for (const format of ["keras", "h5"] as const) {
        const again = await loadKerasModel(await saveKerasModel(model, undefined, { format }));
        const found = again.layers.find((layer) => layer.getClassName() === "Masking")!;
        expect(found.getConfig().maskValue).toBe(Number(value));
        const y = again.predict(tensor([1e30, -1], [1, 2, 1])) as Tensor;
        expect([...y.dataSync()]).toEqual([Math.fround(1e30), 0]);
      }
    },
  );

  test("a word that only begins like one is no JSON", async () => {
    for (const word of ["NaNs", "Infinit", "Nan", "--Infinity", "-NaN"]) {
      await expect(opened(word)).rejects.toThrow("expected JSON");
    }
  });
});
