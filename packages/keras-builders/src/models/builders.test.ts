import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { loadLayersModel, type Sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { buildVariableLengthModel } from "../index.ts";
import { cases, type Data, described, jsonOf, rows, total } from "./builder-cases.fixture.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const lossOf = (model: Sequential, { x, y }: Data): number => {
  const result = model.evaluate(x, y, { batchSize: rows });
  const all = [result].flat();
  const [loss] = all.map((scalar) => scalar.dataSync()[0]!);
  tf.dispose(all);
  return loss!;
};

describe.each(Object.entries(cases))("%s", (_, given) => {
  test("has the tutorial's layers, sizes and activations", () => {
    const model = given.build();
    expect(model.layers.map((layer) => described(jsonOf(layer)))).toEqual(given.layers);
    expect(model.layers.map(({ outputShape }) => outputShape)).toEqual(given.outputs);
    expect(model.getWeights().map(({ shape }) => shape)).toEqual(given.weights);
    model.dispose();
  });

  test("is compiled as the tutorial compiles it, with Keras 3's numbers", () => {
    const model = given.build();
    const [optimizer, config, loss, metrics] = given.training;
    expect(model.optimizer.getClassName()).toBe(optimizer);
    expect(model.optimizer.getConfig()).toMatchObject(config);
    expect(model.loss).toBe(loss);
    expect(model.metrics).toEqual(metrics);
    model.dispose();
  });

  test("learns", async () => {
    const { epochs, part, ...overrides } = given.fit;
    const model = given.build({ seed: 1, ...overrides });
    const data = given.task();
    const before = lossOf(model, data);
    await model.fit(data.x, data.y, { epochs, batchSize: rows, verbose: 0, shuffle: false });
    expect(lossOf(model, data) / before).toBeLessThan(part);
    model.dispose();
    tf.dispose([data.x, data.y]);
  });

  test("fits the same from the same seed, and leaves nothing behind", async () => {
    const data = given.task();
    const fitted: number[] = [];
    await expectNoTensorLeak(async () => {
      const model = given.build({ seed: 42 });
      await model.fit(data.x, data.y, { batchSize: 32, verbose: 0, shuffle: false });
      fitted.push(lossOf(model, data));
      model.dispose();
    }, 2);
    expect(fitted).toEqual(Array(3).fill(fitted[0]));

    const other = given.build({ seed: 43 });
    await other.fit(data.x, data.y, { batchSize: 32, verbose: 0, shuffle: false });
    expect(lossOf(other, data)).not.toBe(fitted[0]);
    other.dispose();
    tf.dispose([data.x, data.y]);
  });

  test("later batches of a fit leave nothing behind", async () => {
    const data = given.task();
    const model = given.build();
    await expectNoTensorLeak(() =>
      model.fit(data.x, data.y, { batchSize: 32, verbose: 0, shuffle: false }),
    );
    model.dispose();
    tf.dispose([data.x, data.y]);
  });

  test("is saved under names that stock tfjs loads, with its optimizer", async () => {
    const data = given.task();
    const model = given.build({ seed: 3 });
    let saved: tf.io.ModelArtifacts = {};
    const handler = tf.io.withSaveHandler(async (artifacts) => {
      // As a file would hold it: undefined options are gone, classes are names.
      saved = { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) };
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    });
    await model.save(handler, { includeOptimizer: true });
    const load = () => loadLayersModel(tf.io.fromMemory(saved));
    if (given.layers.some((layer) => layer.includes("GRU"))) {
      // Keras 3's GRU, which stock tfjs does not have; install.test.ts loads it.
      await expect(load()).rejects.toThrow("GRUCell does not support reset_after");
      model.dispose();
      tf.dispose([data.x, data.y]);
      return;
    }
    const loaded = await load();
    const [mine, theirs] = [model, loaded].map((m) => m.predict(data.x) as tf.Tensor);
    expect(theirs!.dataSync()).toBeAllclose(mine!.dataSync(), tolerances.saved.predictions);
    expect(loaded.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
    await loaded.fit(data.x, data.y, { batchSize: 32, verbose: 0 });
    tf.dispose([data.x, data.y, mine!, theirs!]);
    model.dispose();
    loaded.dispose();
  });

  test("prints a summary with every layer", () => {
    const model = given.build();
    const lines: string[] = [];
    model.summary(200, undefined, (line) => lines.push(line));
    const text = lines.join("\n");
    for (const layer of model.layers)
      expect(text).toContain(`${layer.name} (${layer.getClassName()})`);
    const parameters = total(given.weights.map((shape) => shape.reduce((a, b) => a * b, 1)));
    expect(text).toContain(`Total params: ${parameters}`);
    model.dispose();
  });
});

test("padding does not count for buildVariableLengthModel", () => {
  const model = buildVariableLengthModel(6, 10, 2);
  const predict = (row: number[]) =>
    (model.predict(tf.tensor2d(row, [1, 6], "int32")) as tf.Tensor).dataSync()[0];
  const alone = predict([3, 1, 4, 0, 0, 0]);
  expect(predict([0, 0, 0, 3, 1, 4])).toBeCloseTo(alone!, 6);
  expect(predict([0, 3, 0, 1, 4, 0])).toBeCloseTo(alone!, 6);
  expect(predict([1, 3, 4, 0, 0, 0])).not.toBeCloseTo(alone!, 6);
});
