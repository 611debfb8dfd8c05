import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adam, layers, rmsprop, sgd } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  model as modelOf,
  type Sequential,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { Module } from "h5wasm";
import { afterAll, expect, test } from "vitest";
import { fileBytes, fileCase, fileIds, hashOf, toTensor } from "./files.fixture.ts";
import { loadKerasModel, loadWeights, saveKerasModel, saveWeights } from "./index.ts";
import { activationNames } from "./keras-activation.ts";
import { layerClasses } from "./layer-classes.ts";
import {
  fill,
  filled,
  inputsOf,
  madeModel,
  predictionsOf,
  savedModels,
} from "./saved-models.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-save-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const formats = ["keras", "h5"] as const;
const digests = (model: LayersModel): string[] => model.getWeights().map(hashOf);
const small = (): Sequential =>
  filled(sequential({ layers: [layers.lstm({ units: 2, inputShape: [4, 3] })] }));

test.each(fileIds.flatMap((id) => formats.map((format) => [id, format] as const)))(
  "%s.%s: loaded, saved and loaded again, the same weights and predictions, exactly",
  async (id, format) => {
    const inputs = fileCase(id).inputs.map(toTensor);
    const values = (model: LayersModel) => [...(model.predict(inputs) as tf.Tensor).dataSync()];
    const first = await loadKerasModel(fileBytes(`${id}.${format}`));
    const path = at(`${id}.${format}`);
    await saveKerasModel(first, path);
    const second = await loadKerasModel(path);
    expect(digests(second)).toEqual(digests(first));
    expect(values(second)).toEqual(values(first));
    expect(second.layers.map(({ name }) => name)).toEqual(first.layers.map(({ name }) => name));
  },
);

test.each(fileIds)(
  "%s.weights.h5: saved from one model, loaded into another, the same",
  async (id) => {
    const first = await loadKerasModel(fileBytes(`${id}.keras`));
    const path = at(`${id}.weights.h5`);
    await saveWeights(first, path);
    const second = filled(await loadKerasModel(fileBytes(`${id}.keras`)));
    expect(digests(second)).not.toEqual(digests(first));
    await loadWeights(second, path);
    expect(digests(second)).toEqual(digests(first));
  },
);

test.each(fileIds)("%s.weights.h5 as Keras wrote it, saved and loaded again", async (id) => {
  const inputs = fileCase(id).inputs.map(toTensor);
  const values = (model: LayersModel) => [...(model.predict(inputs) as tf.Tensor).dataSync()];
  const model = filled(await loadKerasModel(fileBytes(`${id}.keras`)));
  await loadWeights(model, fileBytes(`${id}.weights.h5`));
  const [kept, predicted] = [digests(model), values(model)];
  expect(kept).toEqual(fileCase(id).weights.map((weight) => weight.sha256_float32le));
  const bytes = await saveWeights(model);
  filled(model);
  await loadWeights(model, bytes);
  expect(digests(model)).toEqual(kept);
  expect(values(model)).toEqual(predicted);
});

test("a Keras-written file, fine-tuned here, saved, keeps its predictions", async () => {
  const id = "file_gru_before_timedistributed";
  const inputs = fileCase(id).inputs.map(toTensor);
  const model = await loadKerasModel(fileBytes(`${id}.keras`));
  const before = model.predict(inputs) as tf.Tensor;
  model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: "meanSquaredError" });
  for (let i = 0; i < 3; i++) await model.trainOnBatch(inputs, tf.zeros(before.shape));
  const tuned = model.predict(inputs) as tf.Tensor;
  expect([...tuned.dataSync()]).not.toEqual([...before.dataSync()]);
  const again = await loadKerasModel(await saveKerasModel(model));
  const kept = again.predict(inputs) as tf.Tensor;
  expect([...kept.dataSync()]).toEqual([...tuned.dataSync()]);
});

test.each(Object.keys(savedModels).flatMap((id) => formats.map((format) => [id, format] as const)))(
  "%s as %s: saved and loaded, the same weights and predictions, exactly",
  async (id, format) => {
    const model = madeModel(id);
    const inputs = inputsOf(id, model);
    const again = await loadKerasModel(await saveKerasModel(model, undefined, { format }));
    expect(digests(again)).toEqual(digests(model));
    expect(predictionsOf(again, inputs)).toEqual(predictionsOf(model, inputs));
  },
);

test("every class of layers that files can hold is in a model of these tests", () => {
  const seen = new Set<string>();
  const visit = (layer: unknown): void => {
    if (typeof layer !== "object" || layer === null || !("getClassName" in layer)) return;
    seen.add((layer as tf.serialization.Serializable).getClassName());
    const { layers: inner, layer: wrapped, cell, cells } = layer as Record<string, unknown>;
    for (const each of [inner, wrapped, cell, cells].flat()) visit(each);
  };
  for (const id of Object.keys(savedModels)) visit(madeModel(id));
  // A Sequential model's input layer is not in its list.
  expect(Object.keys(layerClasses).filter((name) => !seen.has(name))).toEqual([]);
});

const optimizers = {
  adam: () => adam({ learningRate: 0.02, clipnorm: 0.5 }),
  rmsprop: () => rmsprop({ learningRate: 0.01, momentum: 0.5 }),
  sgd: () => sgd({ learningRate: 0.1, momentum: 0.9 }),
};

test.each(
  Object.entries(optimizers).flatMap(([name, make]) =>
    formats.map((format) => [name, format, make] as const),
  ),
)("%s goes on after %s as if nothing had been saved", async (_, format, make) => {
  const [x, y] = [tf.tensor(fill([2, 4, 3], 1), [2, 4, 3]), tf.zeros([2, 2])];
  const model = small();
  model.compile({ optimizer: make(), loss: "meanSquaredError" });
  for (let i = 0; i < 3; i++) await model.trainOnBatch(x, y);
  const again = await loadKerasModel(await saveKerasModel(model, undefined, { format }));
  for (const each of [model, again]) for (let i = 0; i < 3; i++) await each.trainOnBatch(x, y);
  for (const [i, weight] of again.getWeights().entries()) {
    expect(weight.dataSync()).toBeAllclose(model.getWeights()[i]!.dataSync(), { atol: 1e-6 });
  }
});

test("random stacks of layers survive every format", async () => {
  const units = fc.integer({ min: 1, max: 4 });
  const activation = fc.constantFrom("tanh", "relu", "sigmoid", "linear", "selu");
  const options = fc.record({
    units,
    activation,
    useBias: fc.boolean(),
    goBackwards: fc.boolean(),
  });
  const recurrent = fc.tuple(
    fc.constantFrom("simpleRNN", "lstm", "gru"),
    options,
    fc.constantFrom("none", "concat", "sum", "ave"),
  );
  const plain = fc.oneof(
    fc.record({ units, activation }).map((args) => () => layers.dense(args as never)),
    fc.double({ min: 0, max: 0.9, noNaN: true }).map((rate) => () => layers.dropout({ rate })),
    fc.constant(() => stock.layerNormalization()),
    fc.constant(() => stock.batchNormalization()),
    units.map((n) => () => layers.timeDistributed({ layer: layers.dense({ units: n }) })),
    recurrent.map(([kind, args, merge]) => () => {
      const layer = layers[kind as "lstm"]({ ...args, returnSequences: true } as never);
      return merge === "none"
        ? layer
        : layers.bidirectional({ layer, mergeMode: merge as "concat" });
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(plain, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...formats),
      async (stack, format) => {
        const model = filled(
          sequential({
            layers: [stock.inputLayer({ inputShape: [3, 2] }), ...stack.map((make) => make())],
          }),
        );
        const again = await loadKerasModel(await saveKerasModel(model, undefined, { format }));
        const x = [{ shape: [2, 3, 2], dtype: "float32" as const, data: [...fill([2, 3, 2], 3)] }];
        expect(digests(again)).toEqual(digests(model));
        expect(predictionsOf(again, x)).toEqual(predictionsOf(model, x));
        for (const each of [model, again]) each.dispose();
      },
    ),
    { numRuns: 15, seed: 7 },
  );
});

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

test("tfjs-layers' hardSigmoid, another formula than Keras's, is refused by name", async () => {
  for (const layer of [
    stock.lstm({ units: 2, inputShape: [4, 3] }),
    stock.dense({ units: 2, inputShape: [3], activation: "hardSigmoid" }),
  ]) {
    await expect(saveKerasModel(sequential({ layers: [layer] }))).rejects.toThrow(
      new RegExp(`^${layer.name}: expected .* Keras 3 has, got tfjs-layers' hardSigmoid`),
    );
  }
});

test.each(activationNames)("%s of a loaded model is saved as Keras's again", async (activation) => {
  const made = sequential({ layers: [layers.dense({ units: 2, inputShape: [3], name: "d" })] });
  const members = unzipSync(await saveKerasModel(made));
  const config = JSON.parse(strFromU8(members["config.json"]!));
  config.config.layers[1].config.activation = activation;
  members["config.json"] = strToU8(JSON.stringify(config));
  const loaded = await loadKerasModel(zipSync(members));
  const [, dense] = configOf(await saveKerasModel(loaded)).config.layers;
  const same = { swish: "silu", hard_swish: "hard_silu" } as Record<string, string>;
  expect([activation, same[activation]]).toContain(
    (dense!.config as Record<string, unknown>).activation,
  );
  const x = tf.tensor(fill([2, 3], 1), [2, 3]);
  const again = await loadKerasModel(await saveKerasModel(loaded, undefined, { format: "h5" }));
  expect(hashOf(again.predict(x) as tf.Tensor)).toBe(hashOf(loaded.predict(x) as tf.Tensor));
});

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
  await expect(saveKerasModel(model)).rejects.toThrow("expected Adam, RMSprop or SGD");
});

test("a model that is not built, and paths that say no format, are refused", async () => {
  const unbuilt = sequential();
  await expect(saveKerasModel(unbuilt)).rejects.toThrow("expected a built model");
  await expect(saveWeights(unbuilt)).rejects.toThrow("expected a built model");
  await expect(saveKerasModel(small(), at("m.json"))).rejects.toThrow("ends in .keras or .h5");
  await expect(saveKerasModel(small(), at("m.weights.h5"))).rejects.toThrow("saveWeights");
  await expect(saveWeights(small(), at("m.h5"))).rejects.toThrow("ends in .weights.h5");
  await expect(saveKerasModel(small(), undefined, { format: "onnx" as never })).rejects.toThrow(
    "expected format keras or h5, got onnx",
  );
  expect(readdirSync(folder).filter((name) => name.startsWith("m."))).toEqual([]);
});

test("an error leaves the file that was there, no other, no tensor and nothing in HDF5's memory", async () => {
  const path = at("kept.keras");
  writeFileSync(path, "good");
  const bad = small();
  bad.add(new Scale({ byFactor: 2 }));
  const names = readdirSync(folder);
  const inMemory = () => Module.FS.readdir("/").length;
  await saveKerasModel(small());
  const before = inMemory();
  await expectNoTensorLeak(async () => {
    await expect(saveKerasModel(bad, path)).rejects.toThrow("Scale");
    await expect(saveKerasModel(bad, at("none/x.keras"), { format: "keras" })).rejects.toThrow();
  });
  bad.dispose();
  await expect(saveWeights(bad)).rejects.toThrow();
  await expect(saveKerasModel(small(), at("none/x.keras"))).rejects.toThrow("ENOENT");
  expect(inMemory()).toBe(before);
  expect(readFileSync(path, "utf8")).toBe("good");
  expect(readdirSync(folder)).toEqual(names);
});

test("saving takes the place of an older file whole, and leaves no tensor", async () => {
  const path = at("over.keras");
  writeFileSync(path, "old");
  const model = small();
  await expectNoTensorLeak(() => saveKerasModel(model, path));
  expect(digests(await loadKerasModel(path))).toEqual(digests(model));
  expect(readdirSync(folder).filter((name) => name.includes("over"))).toEqual(["over.keras"]);
});

test("two models saved at once do not meet", async () => {
  const [a, b] = [small(), madeModel("gru")];
  const [one, two] = await Promise.all([saveKerasModel(a), saveKerasModel(b)]);
  expect(digests(await loadKerasModel(one))).toEqual(digests(a));
  expect(digests(await loadKerasModel(two))).toEqual(digests(b));
});

test("names outside ASCII survive", async () => {
  const model = sequential({
    ...{ name: "größe 層", layers: [layers.dense({ units: 1, inputShape: [2] })] },
  });
  for (const format of formats) {
    const again = await loadKerasModel(await saveKerasModel(model, undefined, { format }));
    expect(again.name).toBe("größe 層");
  }
});
