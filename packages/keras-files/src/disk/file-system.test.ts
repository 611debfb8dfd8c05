import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import {
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSentimentClassifier, install, layers as ours } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import {
  type LayersModel,
  loadLayersModel,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { fileSystem } from "./file-system.ts";

let root: string;
let folder: string;
let folders = 0;

beforeAll(async () => {
  await tf.setBackend("wasm");
  root = await mkdtemp(join(tmpdir(), "rnnkit-file-system-"));
});
beforeEach(() => {
  folder = join(root, `${folders++}`);
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

const x = () => tf.randomUniform([3, 5, 2], -1, 1, "float32", 4);
const predicted = (model: LayersModel, input: tf.Tensor = x()) =>
  (model.predict(input) as tf.Tensor).dataSync();
/** Bits, so that -0 and NaN count. */
const bits = (model: LayersModel) =>
  model
    .getWeights()
    .map((weight) => new Uint32Array((weight.dataSync() as Float32Array).slice().buffer));

async function expectRoundTrip(
  model: LayersModel,
  { input = x(), accelerated = false }: { input?: tf.Tensor; accelerated?: boolean } = {},
): Promise<void> {
  let memory: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    memory = artifacts;
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  const { modelArtifactsInfo: expected } = await model.save(handler);
  const { modelArtifactsInfo } = await model.save(fileSystem(folder));
  expect({ ...modelArtifactsInfo, dateSaved: 0 }).toEqual({ ...expected, dateSaved: 0 });
  expect(Date.now() - modelArtifactsInfo.dateSaved.getTime()).toBeLessThan(60_000);

  const artifacts = await fileSystem(folder).load();
  expect({ ...artifacts, weightData: 0 }).toEqual({ ...memory, weightData: 0 });
  const loaded = await loadLayersModel(fileSystem(folder));
  expect(bits(loaded)).toEqual(bits(model));
  const [got, want] = [predicted(loaded, input), predicted(model, input)];
  expect(got).toBeAllclose(want, { rtol: 0, atol: accelerated ? 1e-6 : 0 });
}

const makeStock = () => {
  // tfjs's orthogonal initializer needs the methods of @tensorflow/tfjs.
  const plain = { recurrentInitializer: "glorotUniform" } as const;
  const rnn = stock.gru({ units: 3, returnSequences: true, ...plain });
  return sequential({
    layers: [
      stock.bidirectional({ layer: rnn as never, inputShape: [5, 2] }),
      stock.lstm({ units: 2, ...plain }),
      stock.dense({ units: 1 }),
    ],
  });
};

test("a model of tfjs's layers, and after install() of ours, comes back bit for bit", async () => {
  const made = makeStock();
  await expectRoundTrip(made);
  install();
  await expectRoundTrip(made, { accelerated: true });
  const rnn = ours.gru({ units: 3, returnSequences: true });
  const layer = ours.bidirectional({ layer: rnn, inputShape: [5, 2] });
  await expectRoundTrip(
    sequential({ layers: [layer, ours.lstm({ units: 2 }), ours.dense({ units: 1 })] }),
  );
  const input = tf.tensor2d([[1, 2, 3, 0]], undefined, "int32");
  await expectRoundTrip(buildSentimentClassifier("gru", { vocabSize: 5, maxLen: 4 }), { input });
});

test("optimizer, metadata and origin are kept: training goes on where it stopped", async () => {
  const made = makeStock();
  made.compile({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
  made.setUserDefinedMetadata({ epoch: 3, words: ["é"] });
  const [y, options] = [tf.ones([3, 1]), { verbose: 0, shuffle: false }] as const;
  await made.fit(x(), y, options);
  await made.save(fileSystem(folder), { includeOptimizer: true });
  const loaded = await loadLayersModel(fileSystem(folder));
  expect(loaded.getUserDefinedMetadata()).toEqual({ epoch: 3, words: ["é"] });
  const { generatedBy, convertedBy, format } = await fileSystem(folder).load();
  expect({ generatedBy, convertedBy, format }).toMatchObject({
    convertedBy: null,
    format: "layers-model",
  });
  expect(generatedBy).toMatch(/^TensorFlow\.js tfjs-layers v/);
  await Promise.all([made.fit(x(), y, options), loaded.fit(x(), y, options)]);
  expect(predicted(loaded)).toBeAllclose(predicted(made), tolerances.saved.predictions);
});

test("the folder, its model.json, another name, a URL: all lead there; two models share a folder", async () => {
  const [one, two] = [makeStock(), makeStock()];
  await one.save(fileSystem(`${folder}/`));
  await two.save(fileSystem(join(folder, "other.json")));
  await one.save(fileSystem(folder));
  for (const path of [
    folder,
    join(folder, "model.json"),
    pathToFileURL(folder),
    `${pathToFileURL(folder)}`,
  ]) {
    expect(bits(await loadLayersModel(fileSystem(path)))).toEqual(bits(one));
  }
  expect(bits(await loadLayersModel(fileSystem(join(folder, "other.json"))))).toEqual(bits(two));
  const names = (await readdir(folder)).sort();
  expect(names.map((name) => name.replace(/\.[\da-f-]{36}\./, ".*."))).toEqual([
    "model.*.bin",
    "model.json",
    "other.*.bin",
    "other.json",
  ]);
});

test("a topology without weights stays one", async () => {
  const { weightData, weightSpecs, ...topology } = await (async () => {
    await makeStock().save(fileSystem(folder));
    return fileSystem(folder).load();
  })();
  await fileSystem(folder).save(topology);
  expect(await fileSystem(folder).load()).toEqual(topology);
  expect(await readdir(folder)).toEqual(["model.json"]);
});

test("refused: no model, no JSON, no topology, a device, a path of nothing or of the network", async () => {
  const load = (path: string) => fileSystem(path).load();
  await expect(load(folder)).rejects.toThrow(
    /^fileSystem: expected a model in .*model.json, got no such file/,
  );
  await mkdir(folder);
  await writeFile(join(folder, "cut.json"), '{"modelTopology": {');
  await expect(load(join(folder, "cut.json"))).rejects.toThrow(
    /^fileSystem: expected JSON in .*cut.json, got/,
  );
  for (const [text, got] of [
    ["[]", "a list"],
    ["null", "keys none"],
    ['{"a":1}', "keys a"],
  ] as const) {
    await writeFile(join(folder, "bare.json"), text);
    await expect(load(join(folder, "bare.json"))).rejects.toThrow(`bare.json, got ${got}`);
  }
  await writeFile(join(folder, "huge.json"), "");
  await truncate(join(folder, "huge.json"), 2 ** 40);
  await expect(load(join(folder, "huge.json"))).rejects.toThrow(
    "expected at most 268435456 bytes in",
  );
  await symlink(devNull, join(folder, "device.json"));
  await expect(load(join(folder, "device.json"))).rejects.toThrow("to be a file, got a device");
  for (const path of ["", "https://a.org/model.json", "file://model"]) {
    expect(() => fileSystem(path)).toThrow("expected the path of a folder or a .json file, got");
  }
});

test("refused at saving, with the old model left alone: what could not be loaded", async () => {
  const made = makeStock();
  await made.save(fileSystem(folder));
  const { weightData, ...rest } = await fileSystem(folder).load();
  const cut = (weightData as ArrayBuffer[])[0]!.slice(4);
  const { save } = fileSystem(folder);
  await expect(save({ ...rest, weightData: cut })).rejects.toThrow(
    /^fileSystem: expected \d+ bytes of weights/,
  );
  await expect(save({ weightData: cut })).rejects.toThrow(
    "weights of a group to be a list, got undefined",
  );
  await expect(save({ modelTopology: new ArrayBuffer(1) })).rejects.toThrow(
    "topology as JSON, got an ArrayBuffer",
  );
  await writeFile(join(folder, "file"), "");
  await expect(fileSystem(join(folder, "file")).save(rest)).rejects.toThrow(
    /expected to save a model in .*file, got a file where a folder should be/,
  );
  expect(bits(await loadLayersModel(fileSystem(folder)))).toEqual(bits(made));
});

test("old weights go, those of others stay, what a crash left goes an hour later", async () => {
  const made = makeStock();
  await made.save(fileSystem(folder));
  const id = "00000000-0000-4000-8000-000000000000";
  const own = [`model.${id}.bin`, `.model.${id}.partial`];
  const others = ["weights.bin", `other.${id}.bin`, `model.${id}.bin.txt`, `model.x.${id}.bin`];
  for (const name of [...own, ...others]) await writeFile(join(folder, name), "");
  await made.save(fileSystem(folder));
  const kept = async () =>
    (await readdir(folder)).filter((name) => [...own, ...others].includes(name));
  expect((await kept()).length).toBe(6);
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of await readdir(folder)) await utimes(join(folder, name), longAgo, longAgo);
  await made.save(fileSystem(folder));
  expect((await kept()).sort()).toEqual(others.sort());
  expect((await readdir(folder)).length).toBe(others.length + 2);
});

test("who loads while others save gets one of the models, whole; the last one stays", async () => {
  const models = [makeStock(), makeStock()];
  const known = models.map((model) => JSON.stringify(bits(model)));
  await models[0]!.save(fileSystem(folder));
  let saving = true;
  const savers = models.map(async (model) => {
    for (let i = 0; i < 15; i++) await model.save(fileSystem(folder));
  });
  const loader = (async () => {
    let count = 0;
    for (; saving; count++) {
      const loaded = await loadLayersModel(fileSystem(folder));
      expect(known).toContain(JSON.stringify(bits(loaded)));
      loaded.dispose();
    }
    return count;
  })();
  await Promise.all(savers);
  saving = false;
  expect(await loader).toBeGreaterThan(0);
  expect(known).toContain(JSON.stringify(bits(await loadLayersModel(fileSystem(folder)))));
});
