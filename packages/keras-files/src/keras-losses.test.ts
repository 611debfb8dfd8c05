import "@tensorflow/tfjs-backend-cpu";
import { layers, sgd } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { loadKerasModel, saveKerasModel } from "./index.ts";
import { lossNames, metricNames } from "./keras-losses.ts";

const metrics = [...new Set(Object.values(metricNames))];

test.each([...new Set(Object.values(lossNames))])(
  "a model compiled with %s is compiled with it again, and with every metric",
  async (loss) => {
    const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [2] })] });
    model.compile({ optimizer: sgd(), loss, metrics });
    const warnings: string[] = [];
    const again = await loadKerasModel(await saveKerasModel(model), {
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual([]);
    expect(again.loss).toBe(loss);
    expect(again.metrics).toEqual(metrics);
  },
);

test.each([
  ["SparseCategoricalAccuracy", "sparseCategoricalCrossentropy", ["accuracy"], []],
  ["sparse_categorical_accuracy", "meanSquaredError", [], ["sparse_categorical_accuracy"]],
])("%s with %s is %j here, and without %j", async (metric, loss, kept, dropped) => {
  const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [2] })] });
  model.compile({ optimizer: sgd(), loss });
  const members = unzipSync(await saveKerasModel(model));
  const config = JSON.parse(strFromU8(members["config.json"]!));
  config.compile_config.metrics = [metric];
  members["config.json"] = strToU8(JSON.stringify(config));
  const warnings: string[] = [];
  const again = await loadKerasModel(zipSync(members), {
    onWarning: (text) => warnings.push(text),
  });
  expect(again.metrics).toEqual(kept);
  expect(warnings).toHaveLength(dropped.length);
  for (const name of dropped) expect(warnings[0]).toContain(name);
});
