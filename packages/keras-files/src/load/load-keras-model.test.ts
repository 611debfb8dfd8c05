import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { truth } from "@rnnkit/fixtures";
import { adam, layers, sgd } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { cast, memory, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { initializers, sequential } from "@tensorflow/tfjs-layers";
import { unzipSync, zipSync } from "fflate";
import { expect, test, vi } from "vitest";
import { fileBytes, fileCase, fileIds, filePath, hashOf, toTensor } from "../files.fixture.ts";
import { loadKerasModel, saveKerasModel } from "../index.ts";

// biome-ignore lint/suspicious/noExplicitAny: Keras's configs are open-ended JSON.
type Json = any;

const small = "file_simple_rnn.keras";

/** A .keras file whose config is changed. */
function changed(name: string, change: (config: Json) => void): Uint8Array {
  const members = unzipSync(fileBytes(name));
  const config = JSON.parse(new TextDecoder().decode(members["config.json"]));
  change(config);
  members["config.json"] = new TextEncoder().encode(JSON.stringify(config));
  return zipSync(members, { level: 0 });
}

const layerOf = (config: Json, i: number) => config.config.layers[i];

test.each(fileIds.flatMap((id) => [`${id}.keras`, `${id}.h5`]))(
  "%s: weights bit for bit and Keras's predictions",
  async (name) => {
    const { weights, inputs, predictions } = fileCase(name.replace(/\..*/, ""));
    const model = await loadKerasModel(filePath(name));
    expect(model.weights.map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));
    const hashes = weights.map(({ sha256_float32le }) => sha256_float32le);
    expect(model.getWeights().map(hashOf)).toEqual(hashes);
    const got = model.predict(inputs.map(toTensor)) as Tensor;
    expect(got.dataSync()).toBeAllclose(truth(predictions[0]), tolerances.keras.predictions);
    model.dispose();
  },
);

test("a path, file URL, http URL, bytes, a buffer and a File give the same model", async () => {
  const bytes = fileBytes(small);
  const server = createServer((_, response) => response.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sources = [
    filePath(small),
    pathToFileURL(filePath(small)),
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`,
    bytes,
    bytes.buffer as ArrayBuffer,
    new File([bytes as Uint8Array<ArrayBuffer>], "any name"),
  ];
  const hashes = fileCase("file_simple_rnn").weights.map((weight) => weight.sha256_float32le);
  for (const source of sources) {
    const model = await loadKerasModel(source);
    expect(model.getWeights().map(hashOf)).toEqual(hashes);
    model.dispose();
  }
  server.close();
});

test("no initializer runs: what it makes would be overwritten", async () => {
  const kinds = [
    initializers.glorotUniform({}),
    initializers.orthogonal({}),
    initializers.zeros(),
    initializers.randomUniform({}),
  ];
  const spies = kinds.map((kind) => vi.spyOn(Object.getPrototypeOf(kind), "apply"));
  for (const id of fileIds) (await loadKerasModel(filePath(`${id}.keras`))).dispose();
  expect(spies.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0, 0]);
  spies[2]!.mockRestore();
  const made = layers.dense({ units: 1, inputShape: [2] });
  made.build([null, 2]);
  expect(spies[0]!.mock.calls.length).toBe(1);
  vi.restoreAllMocks();
});

/** Losses of six more steps in Keras 3.15.1, on JAX, from the saved state on; y is 0, 1, 0, ... */
const continued: Record<string, number[]> = {
  // Adam, three steps old.
  file_lstm_gru_trained: [
    0.5399529337882996, 0.5347029566764832, 0.5295200943946838, 0.5243951678276062,
    0.5193215608596802, 0.5142953991889954,
  ],
  // RMSprop, three steps old.
  file_embedding_lstm: [
    0.7242340445518494, 0.7231203317642212, 0.7221477031707764, 0.721254825592041,
    0.7204151153564453, 0.7196136713027954,
  ],
};

test.each(Object.keys(continued).flatMap((id) => [`${id}.keras`, `${id}.h5`]))(
  "%s: training goes on with the optimizer's state, as in Keras",
  async (name) => {
    const id = name.replace(/\..*/, "");
    const model = await loadKerasModel(filePath(name));
    expect(model.optimizer.iterations).toBe(3);
    const x = toTensor(fileCase(id).inputs[0]!);
    const y = tensor(Array.from({ length: x.shape[0]! }, (_, i) => [i % 2]));
    const losses: number[] = [];
    for (const _ of continued[id]!) losses.push((await model.trainOnBatch(x, y)) as number);
    expect(losses).toBeAllclose(continued[id]!, tolerances.keras.trainedLosses);
    model.dispose();
  },
);

test("SGD with Nesterov's momentum goes on as in Keras, from a deflated file", async () => {
  const model = await loadKerasModel(
    new URL("../../fixtures/sgd-trained-deflated.keras", import.meta.url),
  );
  const x = tensor([0.5, -1, 1, 0.25, -0.75, 2, 0, 1], [2, 2, 2]);
  const y = tensor([[1], [0]]);
  const losses: number[] = [];
  for (let i = 0; i < 6; i++) losses.push((await model.trainOnBatch(x, y)) as number);
  // Keras 3.15.1 on JAX, four steps before the file was saved.
  const keras = [
    0.1342421919107437, 0.10290754586458206, 0.056011855602264404, 0.020679831504821777,
    0.004313348792493343, 0.002148701110854745,
  ];
  expect(losses).toBeAllclose(keras, tolerances.keras.trainedLosses);
  model.dispose();
});

const constant = { class_name: "PiecewiseConstantDecay" };

test.each<[string, (compile: Json) => void, string]>([
  ["an optimizer", ({ optimizer }) => (optimizer.class_name = "Lion"), 'got "Lion"'],
  ["a loss", (compile) => (compile.loss = "my_loss"), "expected a loss that tfjs has"],
  [
    "a loss of an output that is not there",
    (compile) => (compile.loss = { nobody: "mse" }),
    "nobody",
  ],
  [
    "a moving average",
    ({ optimizer }) => (optimizer.config.use_ema = true),
    "use_ema false, got true",
  ],
  [
    "accumulated gradients",
    ({ optimizer }) => (optimizer.config.gradient_accumulation_steps = 2),
    "gradient_accumulation_steps null, got 2",
  ],
  [
    "a schedule",
    ({ optimizer }) => (optimizer.config.learning_rate = { class_name: "Mine", config: {} }),
    'a learning rate that is a number or one of ExponentialDecay, CosineDecay, CosineDecayRestarts, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay, got "Mine"',
  ],
  [
    "a schedule's option",
    ({ optimizer }) => (optimizer.config.learning_rate = { ...constant, config: { lambda: 1 } }),
    "piecewiseConstantDecay: expected options boundaries, values, got lambda",
  ],
  [
    "a rate of another kind",
    ({ optimizer }) => (optimizer.config.learning_rate = [0.1]),
    "a learning rate that is a number or a schedule, got [0.1]",
  ],
  [
    "a decay that grows",
    ({ optimizer }) => (optimizer.config.weight_decay = -0.1),
    "adam: expected weightDecay from 0, got -0.1",
  ],
  [
    "two ways to clip",
    ({ optimizer }) => Object.assign(optimizer.config, { clipnorm: 1, clipvalue: 1 }),
    "adam: expected one of clipnorm, clipvalue and globalClipnorm",
  ],
  [
    "an AdamW without a decay",
    ({ optimizer }) => (optimizer.class_name = "AdamW"),
    "expected AdamW with a weight_decay that is a number, got null",
  ],
])("%s that tfjs lacks leaves the model uncompiled and says why", async (_, change, reason) => {
  const bytes = changed("file_lstm_gru_trained.keras", (config) => change(config.compile_config));
  const warnings: string[] = [];
  const model = await loadKerasModel(bytes, { onWarning: (text) => warnings.push(text) });
  expect(model.optimizer).toBeUndefined();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("the model is not compiled");
  expect(warnings[0]).toContain(reason);
  model.dispose();
});

test("a metric that tfjs lacks is left out by name, and the others stay", async () => {
  const bytes = changed("file_lstm_gru_trained.keras", ({ compile_config: compile }) => {
    compile.metrics = ["mae", "AUC", { class_name: "Recall", config: {} }];
  });
  const warnings: string[] = [];
  const model = await loadKerasModel(bytes, { onWarning: (text) => warnings.push(text) });
  expect(warnings).toEqual([
    "loadKerasModel: compiled without the metrics AUC, Recall, which tfjs lacks",
  ]);
  expect(model.metrics).toEqual(["mae"]);
  model.dispose();
});

test("SGD goes on with the rate that a callback has set, not with the one that it was made with", async () => {
  const whole = sequential({
    layers: [layers.dense({ units: 1, useBias: false, inputShape: [1] })],
  });
  whole.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
  const [x, y] = [tensor([[1]]), tensor([[0]])];
  // w - 0.5 · 2(w - 1) = 1
  await whole.trainOnBatch(x, x);
  // What a schedule leaves behind: another rate in the variables than in the config.
  const members = unzipSync(await saveKerasModel(whole));
  const config = JSON.parse(new TextDecoder().decode(members["config.json"]));
  config.compile_config.optimizer.config.learning_rate = 0.125;
  members["config.json"] = new TextEncoder().encode(JSON.stringify(config));
  const model = await loadKerasModel(zipSync(members, { level: 0 }));
  expect(model.optimizer).toMatchObject({ learningRate: 0.5 });
  expect(model.getWeights()[0]!.dataSync()).toBeAllclose([1], { atol: 1e-7 });
  await model.trainOnBatch(x, y);
  // 1 - 0.5 · 2 = 0
  expect(model.getWeights()[0]!.dataSync()).toBeAllclose([0], { atol: 1e-7 });
  model.dispose();
});

test("compile: false leaves the model uncompiled and says nothing", async () => {
  const onWarning = vi.fn();
  const model = await loadKerasModel(filePath("file_lstm_gru_trained.keras"), {
    ...{ compile: false, onWarning },
  });
  expect(model.optimizer).toBeUndefined();
  expect(onWarning).not.toHaveBeenCalled();
  model.dispose();
});

test("a layer that is not known is named, and customObjects makes it", async () => {
  const bytes = changed(small, (config) => {
    const dense = layerOf(config, 2);
    dense.module = "my_package";
    dense.class_name = "MyDense";
    dense.registered_name = "my_package>MyDense";
  });
  await expect(loadKerasModel(bytes)).rejects.toThrow(
    'expected layers that are known here, got "MyDense" of my_package (layer "dense")',
  );
  // Weights are under the class's name.
  const model = await loadKerasModel(
    changed(small, (config) => {
      layerOf(config, 2).module = "my_package";
    }),
    {
      customObjects: {
        Dense: ({ name, units }) => layers.dense({ name: `${name}`, units: Number(units) }),
      },
    },
  );
  const { inputs, predictions } = fileCase("file_simple_rnn");
  const got = model.predict(inputs.map(toTensor)) as Tensor;
  expect(got.dataSync()).toBeAllclose(truth(predictions[0]), tolerances.keras.predictions);
});

test.each<[string, (dense: Json) => void, string]>([
  [
    "a Lambda layer",
    (dense) => Object.assign(dense, { class_name: "Lambda" }),
    'expected no code in the file, got Lambda (layer "dense")',
  ],
  [
    "a marshalled function",
    ({ config }) => (config.activation = { class_name: "__lambda__", config: { code: "4wEAAA" } }),
    "expected no code in the file, got __lambda__",
  ],
  [
    "an activation of another module",
    ({ config }) =>
      (config.activation = { module: "builtins", class_name: "function", config: "system" }),
    "expected activation to be one of",
  ],
  [
    "an option tfjs lacks",
    ({ config }) => (config.lora_rank = 4),
    "expected lora_rank null, got 4",
  ],
  ["an argument of a later Keras", ({ config }) => (config.sparsity = 2), "expected no sparsity"],
  ["half precision", ({ config }) => (config.dtype = "float16"), "expected dtype to be one of"],
  ["a bad option", ({ config }) => (config.units = "many"), "expected a config that makes a layer"],
  ["a class of Object's", (dense) => (dense.class_name = "constructor"), 'got "constructor"'],
  ["a config without a layer", (dense) => (dense.config = 7), "expected the config of"],
])("%s is refused by name, and nothing stays behind", async (_, change, message) => {
  const bytes = changed(small, (config) => change(layerOf(config, 2)));
  await expectNoTensorLeak(async () => {
    await expect(loadKerasModel(bytes)).rejects.toThrow(message);
  });
});

test("a functional model of Keras 2's form: lists of inputs, and states after the sequence", async () => {
  const before = memory().numTensors;
  const bytes = changed("file_gru_before_timedistributed.keras", (config) => {
    const [input, gru, time] = config.config.layers;
    const node = (name: string) => [[[name, 0, 0, {}]]];
    for (const [layer, from] of [
      [input, undefined],
      [gru, input.config.name],
      [time, gru.config.name],
    ] as const) {
      layer.name = layer.config.name;
      layer.inbound_nodes = from ? node(from) : [];
    }
    config.class_name = "Functional";
    config.config.input_layers = [[input.name, 0, 0]];
    config.config.output_layers = [[time.name, 0, 0]];
  });
  const model = await loadKerasModel(bytes);
  const { inputs, predictions } = fileCase("file_gru_before_timedistributed");
  const got = model.predict(cast(toTensor(inputs[0]!), "float32")) as Tensor;
  expect(got.dataSync()).toBeAllclose(truth(predictions[0]), tolerances.keras.predictions);
  model.dispose();
  expect(memory().numTensors).toBe(before + 3);
});

test("a model that was compiled and never trained loads without a warning", async () => {
  const model = layers.dense({ units: 1, inputShape: [2] });
  const whole = sequential({ layers: [model] });
  whole.compile({ optimizer: adam(), loss: "meanSquaredError" });
  const onWarning = vi.fn();
  const loaded = await loadKerasModel(await saveKerasModel(whole), { onWarning });
  expect(onWarning).not.toHaveBeenCalled();
  expect(loaded.optimizer.getClassName()).toBe("Adam");
});
