// Attention by dot products, which Keras opens from .keras files alone: built here, loaded and in real Keras.

import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { join } from "node:path";
import { layers } from "@rnnkit/keras-builders";
import { input, type LayersModel, model, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { loadKerasModel, saveKerasModel } from "./index.ts";
import { type AgedModel, agedH5 } from "./load/aged-files.fixture.ts";
import { askKeras, kerasPython } from "./real-keras.fixture.ts";
import { filled, type Input, predictionsOf } from "./saved-models.fixture.ts";

/** A query of 4 and values of 5 tokens, masked or not, each padded; no row is masked throughout. */
function attended(masks: [query: boolean, value: boolean], options: object): LayersModel {
  const [x, y] = [input({ shape: [4] }), input({ shape: [5] })];
  const [q, v] = [x, y].map((tokens, i) => {
    const embedding = layers.embedding({ inputDim: 9, outputDim: 3, maskZero: masks[i]! });
    return embedding.apply(tokens) as SymbolicTensor;
  });
  const read = layers.attention(options).apply([q!, v!]) as SymbolicTensor;
  const behind = layers.lstm({ units: 2 }).apply(read) as SymbolicTensor;
  return filled(model({ inputs: [x, y], outputs: [read, behind] }));
}

const inputs: Input[] = [
  { shape: [2, 4], dtype: "int32", data: [1, 2, 0, 0, 8, 7, 6, 5] },
  { shape: [2, 5], dtype: "int32", data: [0, 3, 0, 4, 0, 1, 1, 2, 0, 0] },
];

const cases: Record<string, () => LayersModel> = {};
for (const query of [false, true]) {
  for (const value of [false, true]) {
    for (const useScale of [false, true]) {
      const id = `${query ? "masked" : "plain"} query, ${value ? "masked" : "plain"} value${useScale ? ", scaled" : ""}`;
      cases[id] = () => attended([query, value], { useScale, dropout: 0.1, seed: 2 });
    }
  }
}

test.each(Object.keys(cases))("%s: loaded as it was built", async (id) => {
  const built = cases[id]!();
  const loaded = await loadKerasModel(await saveKerasModel(built));
  expect(predictionsOf(loaded, inputs)).toEqual(predictionsOf(built, inputs));
});

test("in an .h5, which Keras would not open, is refused with the format to take", async () => {
  const model = cases["plain query, plain value"]!();
  await expect(saveKerasModel(model, undefined, { format: "h5" })).rejects.toThrow(
    /^attention_Attention\d+: expected format "keras" for scoreMode dot, got "h5"/,
  );
});

test("what a value is masked by counts for nothing, and a masked query is 0", () => {
  const built = cases["masked query, masked value"]!();
  const [before] = predictionsOf(built, inputs);
  const [query, value] = inputs as [Input, Input];
  // Behind the second query of the first row there is padding: nothing of it changes.
  const embedding = built.layers.find((layer) => layer.getClassName() === "Embedding")!;
  expect(embedding.getConfig().maskZero).toBe(true);
  expect(before!.slice(6, 12)).toEqual([0, 0, 0, 0, 0, 0]);
  const turned = { ...value, data: [3, 0, 4, 0, 0, 1, 2, 1, 0, 0] };
  expect(predictionsOf(built, [query, turned])[0]).toBeAllclose(
    before!,
    tolerances.keras.predictions,
  );
});

test("a file of Keras 2 opens from .h5 too", async () => {
  const shape = { batch_input_shape: [null, 4, 3], dtype: "float32" };
  const inbound = {
    x: [],
    y: [],
    a: [
      [
        ["x", 0, 0, {}],
        ["y", 0, 0, {}],
      ],
    ],
  };
  const attention = { name: "a", trainable: true, dtype: "float32", dropout: 0, causal: false };
  const file: AgedModel = {
    version: "2.3.0-tf",
    layers: [
      { className: "InputLayer", config: { ...shape, name: "x" } },
      { className: "InputLayer", config: { ...shape, name: "y" } },
      {
        className: "Attention",
        config: { ...attention, use_scale: true },
        weights: [["scale", []]],
      },
    ],
    model: (each) => ({
      class_name: "Model",
      config: {
        name: "m",
        layers: each.map((layer) => ({
          ...layer,
          name: layer.config.name,
          inbound_nodes: inbound[layer.config.name as "a"],
        })),
        input_layers: [
          ["x", 0, 0],
          ["y", 0, 0],
        ],
        output_layers: [["a", 0, 0]],
      },
    }),
  };
  const opened = await loadKerasModel(await agedH5(file));
  expect(opened.outputs[0]!.shape).toEqual([null, 4, 3]);
  expect(opened.getWeights().map(({ shape }) => shape)).toEqual([[]]);
});

describe.skipIf(!kerasPython)("Keras (skipped without RNNKIT_KERAS_PYTHON)", () => {
  type Told = Record<
    string,
    Record<string, { outputs: { data: (number | null)[] }[]; error?: string }>
  >;
  let told: Told;
  const ids = Object.keys(cases);

  beforeAll(async () => {
    told = await askKeras<Told>(async (folder) => {
      for (const [i, id] of ids.entries()) {
        await saveKerasModel(cases[id]!(), join(folder, `${i}.keras`));
      }
      return ids.map((id, i) => ({ id, files: [`${i}.keras`], inputs }));
    }, "masks");
  }, 300_000);

  test.each(ids)("predicts the same: %s", (id) => {
    const answer = told[id]![`${ids.indexOf(id)}.keras`]!;
    expect(answer.error).toBeUndefined();
    for (const [i, wanted] of predictionsOf(cases[id]!(), inputs).entries()) {
      expect(answer.outputs[i]!.data).toBeAllclose(wanted, tolerances.keras.predictions);
    }
  });
});

test("the mask that goes on behind a layer of attention is read as Keras writes it, made a tensor", async () => {
  const built = cases["masked query, masked value"]!();
  const files = unzipSync(await saveKerasModel(built));
  const json = JSON.parse(strFromU8(files["config.json"]!));
  const { layers: written } = json.config;
  const of = (wanted: string) =>
    written.find(({ class_name }: { class_name: string }) => class_name === wanted);
  const tensor = (name: string) => ({
    class_name: "__keras_tensor__",
    config: { shape: [null, 4], dtype: "bool", keras_history: [name, 0, 0] },
  });
  // As Keras 3.15.1 writes a call under the mask that compute_mask of an Attention gives.
  const operation = (className: string, name: string, args: unknown[]) => ({
    ...{ module: "keras.src.ops", class_name: className, registered_name: className },
    ...{ name, config: { name }, inbound_nodes: [{ args, kwargs: {} }] },
  });
  const [tokens] = of("Embedding").inbound_nodes[0].args;
  written.push(
    operation("NotEqual", "not_equal", [tokens, 0]),
    operation("ConvertToTensor", "convert_to_tensor", [tensor("not_equal")]),
  );
  of("LSTM").inbound_nodes[0].kwargs.mask = tensor("convert_to_tensor");
  files["config.json"] = strToU8(JSON.stringify(json));
  const loaded = await loadKerasModel(zipSync(files, { level: 0 }));
  expect(predictionsOf(loaded, inputs)).toEqual(predictionsOf(built, inputs));
});
