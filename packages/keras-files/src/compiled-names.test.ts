import "@tensorflow/tfjs-backend-cpu";
import { readFixture } from "@rnnkit/fixtures";
import {
  type KerasCompileArgs,
  kerasLossName,
  kerasMetricName,
  type LossName,
  layers,
  lossNamed,
  type MetricName,
  metricNamed,
  sgd,
} from "@rnnkit/keras-builders";
import {
  model as functional,
  input,
  type LayersModel,
  type ModelCompileArgs,
  sequential,
} from "@tensorflow/tfjs-layers";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { loadKerasModel, saveKerasModel } from "./index.ts";

/** tfjs-layers' typings know fewer names. */
const compileBy = (model: LayersModel, args: KerasCompileArgs): void =>
  model.compile(args as ModelCompileArgs);

/** What Keras's own names are called here, where they are anything. */
const { names } = readFixture("losses.json");
const here = (kind: "losses" | "metrics", kerasName: (name: string) => string | undefined) =>
  Object.keys(names[kind]).filter((name) => kerasName(name));
const losses = [...new Set(here("losses", kerasLossName).map((name) => lossNamed("test", name)))];
const metrics = [
  ...new Set(here("metrics", kerasMetricName).map((name) => metricNamed("test", name))),
];

const small = () => sequential({ layers: [layers.dense({ units: 2, inputShape: [2] })] });

async function loadedAgain(
  model: LayersModel,
  change: (config: { loss: unknown; metrics: unknown }) => void = () => {},
): Promise<{
  again: LayersModel;
  config: { loss: unknown; metrics: unknown };
  warnings: string[];
}> {
  const members = unzipSync(await saveKerasModel(model));
  const json = JSON.parse(strFromU8(members["config.json"]!));
  change(json.compile_config);
  members["config.json"] = strToU8(JSON.stringify(json));
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  const again = await loadKerasModel(zipSync(members), { onWarning });
  return { again, config: json.compile_config, warnings };
}

test.each(losses)(
  "a model compiled with %s is compiled with it again, and with every metric",
  async (loss) => {
    const model = small();
    compileBy(model, { optimizer: sgd(), loss, metrics });
    const { again, config, warnings } = await loadedAgain(model);
    expect(warnings).toEqual([]);
    expect(again.loss).toBe(loss);
    expect(again.metrics).toEqual(metrics);
    // In Keras's own names.
    expect(names.losses).toHaveProperty(config.loss as string);
    for (const metric of config.metrics as string[]) {
      if (metric !== "acc") expect(names.metrics).toHaveProperty(metric);
    }
  },
);

test.each<[string, unknown, unknown, string[]]>([
  [
    "a class",
    { class_name: "SparseCategoricalAccuracy", config: {} },
    ["sparseCategoricalAccuracy"],
    [],
  ],
  ["a function", { class_name: "function", config: "mean_absolute_error" }, ["mae"], []],
  ["a list in a list", [["mse"], "acc"], ["mse", "acc"], []],
  ["by the output's name", { dense: ["mae", "AUC"] }, { dense: ["mae"] }, ["AUC"]],
  // Whether numbers are equal, which the word "accuracy" does not mean.
  ["the class Accuracy", { class_name: "Accuracy", config: {} }, [], ["Accuracy"]],
  [
    "another threshold",
    { class_name: "BinaryAccuracy", config: { name: "b", threshold: 0.3 } },
    [],
    ["BinaryAccuracy"],
  ],
  [
    "the usual threshold",
    { class_name: "BinaryAccuracy", config: { name: "b", dtype: "float32", threshold: 0.5 } },
    ["binaryAccuracy"],
    [],
  ],
])("metrics as %s: %j are %j here, without %j", async (_, metric, kept, dropped) => {
  const dense = layers.dense({ units: 2, inputShape: [2], name: "dense" });
  const model = sequential({ layers: [dense] });
  compileBy(model, { optimizer: sgd(), loss: "mse" });
  const { again, warnings } = await loadedAgain(model, (config) => {
    config.metrics =
      Array.isArray(metric) || !("class_name" in (metric as object)) ? metric : [metric];
  });
  expect(again.metrics).toEqual(kept);
  expect(warnings).toEqual(
    dropped.map((name) => `loadKerasModel: compiled without the metrics ${name}, which tfjs lacks`),
  );
});

test("each output of several keeps its own loss and metrics", async () => {
  const x = input({ shape: [2] });
  const outputs = ["a", "b"].map((name) => layers.dense({ units: 3, name }).apply(x) as typeof x);
  const both = (loss: LossName, metrics: KerasCompileArgs["metrics"]) => {
    const model = functional({ inputs: x, outputs });
    compileBy(model, { optimizer: sgd(), loss: { a: loss, b: "mse" }, metrics });
    return model;
  };
  const own = { a: ["acc", "hinge"], b: ["mae"] } as const satisfies Record<string, MetricName[]>;
  const first = await loadedAgain(both("squared_hinge", own));
  expect(first.again.loss).toEqual({ a: "squaredHinge", b: "meanSquaredError" });
  expect(first.again.metrics).toEqual(own);
  // A list is for all outputs here, and one entry an output in Keras.
  const listed = await loadedAgain(both("hinge", ["mae"]));
  expect(listed.config.metrics).toEqual({ a: ["mae"], b: ["mae"] });
  expect(listed.again.metrics).toEqual({ a: ["mae"], b: ["mae"] });
  const inOrder = await loadedAgain(both("hinge", []), (config) => {
    config.metrics = [["mse", "acc"], "mae"];
  });
  expect(inOrder.again.metrics).toEqual({ a: ["mse", "acc"], b: ["mae"] });
});

test("a metric that Keras has not is refused by name", async () => {
  const model = small();
  compileBy(model, { optimizer: sgd(), loss: "mse", metrics: ["cosine"] });
  await expect(saveKerasModel(model)).rejects.toThrow(
    "expected metrics that Keras has, got cosine",
  );
});
