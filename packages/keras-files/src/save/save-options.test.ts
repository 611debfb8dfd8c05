// What may be saved of a layer's options, and what is refused.
import "@tensorflow/tfjs-backend-cpu";
import { adam, kerasActivationNames, layers } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  model as modelOf,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { hashOf } from "../files.fixture.ts";
import { loadKerasModel, saveKerasModel, saveWeights } from "../index.ts";
import { fill, small } from "../saved-models.fixture.ts";

class Scale extends stock.Layer {
  static readonly className = "Scale";
  readonly byFactor: number;
  constructor(args: { byFactor: number }) {
    super(args as never);
    this.byFactor = args.byFactor;
  }
  override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul([x].flat()[0]!, this.byFactor);
  }
  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), byFactor: this.byFactor };
  }
}

const configOf = (bytes: Uint8Array) =>
  JSON.parse(strFromU8(unzipSync(bytes)["config.json"]!)) as {
    config: { layers: Record<string, unknown>[] };
  };

test("a layer that Keras does not know is refused by class and name, with the way out", async () => {
  const model = sequential({
    layers: [stock.inputLayer({ inputShape: [3] }), new Scale({ byFactor: 3 })],
  });
  await expect(saveKerasModel(model)).rejects.toThrow(
    /^scale_Scale\d+: expected a layer that Keras knows, got Scale; .*registeredNames/,
  );
  const bytes = await saveKerasModel(model, undefined, {
    registeredNames: { Scale: "rnnkit>Scale" },
  });
  expect(configOf(bytes).config.layers[1]).toMatchObject({
    ...{ class_name: "Scale", registered_name: "rnnkit>Scale", config: { by_factor: 3 } },
  });
});

const hardSigmoids = {
  keras2: {
    ...{ module: "builtins", class_name: "function", registered_name: "function" },
    config: "rnnkit>hard_sigmoid_keras2",
  },
  keras3: "hard_sigmoid",
};

test("tfjs-layers' hardSigmoid goes out as the function that Python registers, Keras 3's by its name", async () => {
  const shape = { units: 2, inputShape: [4, 3], recurrentInitializer: "zeros" as const };
  const plain = { units: 2, inputShape: [3], activation: "hardSigmoid" as const };
  const written = async (layer: InstanceType<typeof stock.Layer>, argument: string) => {
    const [, { config }] = configOf(await saveKerasModel(sequential({ layers: [layer] }))).config
      .layers as { config: Record<string, unknown> }[] as [
      object,
      { config: Record<string, unknown> },
    ];
    return config[argument];
  };
  const { keras2, keras3 } = hardSigmoids;
  expect(await written(stock.lstm(shape), "recurrent_activation")).toEqual(keras2);
  expect(await written(stock.dense(plain), "activation")).toEqual(keras2);
  expect(await written(layers.dense(plain), "activation")).toBe(keras3);
  const recurrentActivation = "hardSigmoid";
  const ours = layers.lstm({ units: 2, inputShape: [4, 3], recurrentActivation });
  expect(await written(ours, "recurrent_activation")).toBe(keras3);
});

test.each(kerasActivationNames)(
  "%s of a loaded model is saved as Keras's again",
  async (activation) => {
    const made = sequential({ layers: [layers.dense({ units: 2, inputShape: [3], name: "d" })] });
    const members = unzipSync(await saveKerasModel(made));
    const config = JSON.parse(strFromU8(members["config.json"]!));
    config.config.layers[1].config.activation = activation;
    members["config.json"] = strToU8(JSON.stringify(config));
    const loaded = await loadKerasModel(zipSync(members));
    const [, dense] = configOf(await saveKerasModel(loaded)).config.layers;
    const same = { swish: "silu", hard_swish: "hard_silu" } as Record<string, string>;
    const saved = (dense!.config as Record<string, unknown>).activation;
    if (activation === "hard_sigmoid_keras2") expect(saved).toEqual(hardSigmoids.keras2);
    else expect([activation, same[activation]]).toContain(saved);
    const x = tf.tensor(fill([2, 3], 1), [2, 3]);
    const again = await loadKerasModel(await saveKerasModel(loaded, undefined, { format: "h5" }));
    expect(hashOf(again.predict(x) as tf.Tensor)).toBe(hashOf(loaded.predict(x) as tf.Tensor));
  },
);

test("what Keras would compute otherwise is refused: bilinear points", async () => {
  const layer = stock.upSampling2d({ interpolation: "bilinear", inputShape: [2, 2, 1] });
  await expect(saveKerasModel(sequential({ layers: [layer] }))).rejects.toThrow(
    `${layer.name}: expected interpolation "nearest", with which`,
  );
});

test("tfjs-layers' stacked cells, whose states go backwards, are refused where they are seen", async () => {
  const cell = () =>
    stock.stackedRNNCells({
      cells: [1, 2].map((units) => stock.simpleRNNCell({ units })),
    });
  const layer = stock.rnn({ cell: cell(), returnState: true, inputShape: [4, 3] } as never);
  const x = input({ shape: [4, 3] });
  const [y] = layer.apply(x) as SymbolicTensor[];
  await expect(saveKerasModel(modelOf({ inputs: x, outputs: y! }))).rejects.toThrow(
    `${layer.name}: expected stacked cells of @rnnkit/keras-builders`,
  );
});

test("tfjs-layers' Bidirectional, which zeroes nothing, is refused under a mask, and only there", async () => {
  const both = (...before: tf.serialization.Serializable[]) => {
    const layer = stock.bidirectional({
      layer: stock.gru({
        units: 2,
        recurrentActivation: "sigmoid",
        returnSequences: true,
      }) as never,
      mergeMode: "sum",
    });
    const first = stock.masking({ inputShape: [4, 3] });
    return { layer, model: sequential({ layers: [first, ...before, layer] as never[] }) };
  };
  const { layer, model } = both(stock.dropout({ rate: 0.1 }));
  await expect(saveKerasModel(model)).rejects.toThrow(
    `${layer.name}: expected a Bidirectional of @rnnkit/keras-builders under a mask`,
  );
  const ended = both(stock.flatten(), stock.repeatVector({ n: 2 }));
  expect((await saveKerasModel(ended.model)).length).toBeGreaterThan(0);
});

test("a model is saved without what it was compiled with, where that has no name", async () => {
  const model = small();
  const loss = (y: tf.Tensor, z: tf.Tensor) => tf.mean(tf.sub(y, z));
  model.compile({ optimizer: adam(), loss });
  await expect(saveKerasModel(model)).rejects.toThrow(
    /expected losses that have a name.*includeOpt/,
  );
  await expect(saveWeights(model)).rejects.toThrow("includeOptimizer");
  const options = { includeOptimizer: false };
  expect((await saveKerasModel(model, undefined, options)).length).toBeGreaterThan(0);
  expect((await saveWeights(model, undefined, options)).length).toBeGreaterThan(0);
  model.compile({ optimizer: tf.train.adagrad(0.1), loss: "meanSquaredError" });
  await expect(saveKerasModel(model)).rejects.toThrow("one of Adam, AdamW, RMSprop, SGD");
});
