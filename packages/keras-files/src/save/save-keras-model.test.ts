import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adam, layers } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, sequential, layers as stock } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { Module } from "h5wasm";
import { afterAll, expect, test } from "vitest";
import { fileBytes, fileCase, fileIds, hashOf, toTensor } from "../files.fixture.ts";
import { loadKerasModel, loadWeights, saveKerasModel, saveWeights } from "../index.ts";
import { layerClasses } from "../keras/layer-classes.ts";
import {
  fill,
  filled,
  inputsOf,
  madeModel,
  predictionsOf,
  savedModels,
  small,
} from "../saved-models.fixture.ts";
import { savedOptimizers } from "../saved-optimizers.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-save-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const formats = ["keras", "h5"] as const;
const digests = (model: LayersModel): string[] => model.getWeights().map(hashOf);

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

test.each(
  Object.entries(savedOptimizers).flatMap(([name, make]) =>
    formats.map((format) => [name, format, make] as const),
  ),
)("%s goes on after %s as if nothing had been saved, bit for bit", async (_, format, make) => {
  const [x, y] = [tf.tensor(fill([2, 4, 3], 1), [2, 4, 3]), tf.zeros([2, 2])];
  const model = small();
  model.compile({ optimizer: make(), loss: "meanSquaredError" });
  for (let i = 0; i < 3; i++) await model.trainOnBatch(x, y);
  const again = await loadKerasModel(await saveKerasModel(model, undefined, { format }));
  for (const each of [model, again]) for (let i = 0; i < 3; i++) await each.trainOnBatch(x, y);
  for (const [i, weight] of again.getWeights().entries()) {
    expect([...weight.dataSync()]).toEqual([...model.getWeights()[i]!.dataSync()]);
  }
  const says = ({ optimizer }: LayersModel) => {
    const given = optimizer as unknown as Record<string, unknown>;
    const { weightDecay, clipnorm, clipvalue, globalClipnorm, kerasClassName } = given;
    const schedule = given.learningRateSchedule as { config: object } | undefined;
    const limits = { weightDecay, clipnorm, clipvalue, globalClipnorm };
    return { ...limits, kerasClassName, schedule: schedule?.config, ...optimizer.getConfig() };
  };
  expect(says(again)).toEqual(says(model));
});

test("tfjs's own Momentum is saved as Keras's, and goes on", async () => {
  const [x, y] = [tf.tensor(fill([2, 4, 3], 1), [2, 4, 3]), tf.zeros([2, 2])];
  const model = small();
  model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: "meanSquaredError" });
  for (let i = 0; i < 3; i++) await model.trainOnBatch(x, y);
  const again = await loadKerasModel(await saveKerasModel(model));
  for (const each of [model, again]) for (let i = 0; i < 3; i++) await each.trainOnBatch(x, y);
  for (const [i, weight] of again.getWeights().entries()) {
    expect(weight.dataSync()).toBeAllclose(
      model.getWeights()[i]!.dataSync(),
      tolerances.keras.predictions,
    );
  }
});

test("a rate that is a function of the step has no place in a file", async () => {
  const model = small();
  model.compile({ optimizer: adam({ learningRate: () => 0.1 }), loss: "meanSquaredError" });
  await expect(saveKerasModel(model)).rejects.toThrow(
    "expected a learning rate that is a number or a schedule, got a function of the step",
  );
  await saveKerasModel(model, undefined, { includeOptimizer: false });
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

test("a model that is not built, and paths that say no format, are refused", async () => {
  const unbuilt = sequential();
  await expect(saveKerasModel(unbuilt)).rejects.toThrow("expected a built model");
  await expect(saveWeights(unbuilt)).rejects.toThrow("expected a built model");
  await expect(saveKerasModel(small(), at("m.json"))).rejects.toThrow("ends in .keras or .h5");
  await expect(saveKerasModel(small(), at("m.weights.h5"))).rejects.toThrow("saveWeights");
  await expect(saveWeights(small(), at("m.h5"))).rejects.toThrow("ends in .weights.h5");
  await expect(saveKerasModel(small(), undefined, { format: "onnx" as never })).rejects.toThrow(
    'expected format keras or h5, got "onnx"',
  );
  expect(readdirSync(folder).filter((name) => name.startsWith("m."))).toEqual([]);
});

test("an error leaves the file that was there, no other, no tensor and nothing in HDF5's memory", async () => {
  const path = at("kept.keras");
  writeFileSync(path, "good");
  const bad = small();
  bad.add(stock.thresholdedReLU());
  const names = readdirSync(folder);
  const inMemory = () => Module.FS.readdir("/").length;
  await saveKerasModel(small());
  const before = inMemory();
  await expectNoTensorLeak(async () => {
    await expect(saveKerasModel(bad, path)).rejects.toThrow("ThresholdedReLU");
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
