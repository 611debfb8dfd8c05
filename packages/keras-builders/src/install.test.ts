import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import {
  type LayersModel,
  loadLayersModel,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { BidirectionalLayer } from "./bidirectional-layer.ts";
import { buildBidirectionalRnnModel, buildLstmGruModel, buildStackedRnnModel } from "./index.ts";
import { install } from "./install.ts";
import * as layers from "./layers.ts";
import { LstmLayer } from "./lstm-layer.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";

type Layer = InstanceType<typeof stock.Layer>;
// biome-ignore lint/suspicious/noExplicitAny: options of several of tfjs's layers.
type Any = any;

const [T, I, H] = [4, 2, 3];
const x = () => tf.randomUniform([3, T, I], -2, 2, "float32", 5);

/** The model as a file holds it. */
async function saved(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = { ...given, modelTopology: JSON.parse(JSON.stringify(given.modelTopology)) };
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(given) };
    }),
  );
  return artifacts;
}

const load = (artifacts: tf.io.ModelArtifacts) => loadLayersModel(tf.io.fromMemory(artifacts));
const predicted = (model: LayersModel) => (model.predict(x()) as tf.Tensor).dataSync();

/** Made and saved before install(). */
const files: Record<string, tf.io.ModelArtifacts> = {};
const predictions: Record<string, ArrayLike<number>> = {};
const stockLstm = stock.lstm;

beforeAll(async () => {
  await tf.setBackend("wasm");
  const ours = layers.lstm({ units: H, recurrentActivation: "hard_sigmoid", inputShape: [T, I] });
  const firsts: Record<string, Layer> = {
    ours,
    "ours, both ways": layers.bidirectional({
      layer: layers.gru({ units: H }),
      backwardLayer: layers.gru({ units: 2, goBackwards: true }),
      inputShape: [T, I],
    }),
    "stock SimpleRNN": stock.simpleRNN({ units: H, inputShape: [T, I] }),
    "stock LSTM": stock.lstm({ units: H, inputShape: [T, I] }),
    "stock GRU": stock.gru({ units: H, inputShape: [T, I] }),
    "stock Bidirectional": stock.bidirectional({
      layer: stock.lstm({ units: H, returnSequences: true }) as Any,
      inputShape: [T, I],
    }),
    "stock RNN": stock.rnn({ cell: stock.gruCell({ units: H }), inputShape: [T, I] }) as Layer,
  };
  for (const [name, layer] of Object.entries(firsts)) {
    const model = sequential({ layers: [layer] });
    predictions[name] = predicted(model);
    files[name] = await saved(model);
  }
  const before = await load(files.ours!);
  expect(before.layers.at(-1)).not.toBeInstanceOf(RecurrentLayer);

  expect(install()).toEqual({
    layers: [
      ...["rnn", "stackedRNNCells", "simpleRNNCell", "lstmCell", "gruCell"],
      ...["simpleRNN", "lstm", "gru", "embedding"],
      ...["masking", "timeDistributed", "dropout", "bidirectional"],
    ],
    classes: [
      ...["Embedding", "Masking", "Dropout", "TimeDistributed", "Bidirectional"],
      ...["RNN", "StackedRNNCells", "SimpleRNN", "LSTM", "GRU"],
      ...["SimpleRNNCell", "LSTMCell", "GRUCell"],
    ],
  });
});

test("a model of ours is loaded into our layers, hard_sigmoid and backwardLayer with it", async () => {
  for (const name of ["ours", "ours, both ways"]) {
    const model = await load(files[name]!);
    const layer = model.layers.at(-1);
    expect(layer instanceof LstmLayer || layer instanceof BidirectionalLayer).toBe(true);
    expect(predicted(model)).toBeAllclose(predictions[name]!, { rtol: 0, atol: 1e-6 });
    // And is the same file when it is saved again.
    expect((await saved(model)).modelTopology).toEqual(files[name]!.modelTopology);
  }
});

test.each(["SimpleRNN", "LSTM", "GRU", "Bidirectional", "RNN"].map((name) => `stock ${name}`))(
  "a model of a %s keeps tfjs's numbers",
  async (name) => {
    const model = await load(files[name]!);
    expect(predicted(model)).toBeAllclose(predictions[name]!, { rtol: 0, atol: 1e-6 });
    expect((await saved(model)).modelTopology).toEqual(files[name]!.modelTopology);
  },
);

test.each([
  ["buildLstmGruModel", buildLstmGruModel],
  ["buildBidirectionalRnnModel", buildBidirectionalRnnModel],
  ["buildStackedRnnModel", buildStackedRnnModel],
])("%s, with Keras 3's GRU in it, can be loaded and trained on", async (_, build) => {
  const model = build([T, I], 1);
  const loaded = await load(await saved(model));
  expect(predicted(loaded)).toBeAllclose(predicted(model), { rtol: 0, atol: 1e-6 });
  loaded.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  expect(await loaded.trainOnBatch(x(), tf.zeros([3, 1]))).toBeGreaterThan(0);
});

test("tf.layers gives ours, and tfjs's where ours have no place", () => {
  expect(stock.lstm({ units: 1 })).toBeInstanceOf(LstmLayer);
  expect(stock.lstm({ units: 1 }).getConfig()).toMatchObject({ recurrentActivation: "sigmoid" });
  expect(stock.bidirectional({ layer: stock.gru({ units: 1 }) as Any })).toBeInstanceOf(
    BidirectionalLayer,
  );
  // A layer made before install() is tfjs's own.
  const both = stock.bidirectional({ layer: stockLstm({ units: 1 }) as Any, inputShape: [T, I] });
  expect(both).not.toBeInstanceOf(BidirectionalLayer);
  expect((sequential({ layers: [both] }).predict(x()) as tf.Tensor).shape).toEqual([3, 2]);
});

test("once is enough", () => {
  const { lstm } = stock;
  expect(lstm).not.toBe(stockLstm);
  expect(install()).toBe(install());
  expect(stock.lstm).toBe(lstm);
});
