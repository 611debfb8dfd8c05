import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import {
  initializers,
  input,
  type LayersModel,
  type LayerVariable,
  loadLayersModel,
  type SymbolicTensor,
  sequential,
  layers as stock,
  model as stockModel,
  models as stockModels,
} from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { RecurrentCell } from "./cells/recurrent-cell.ts";
import { buildBidirectionalRnnModel, buildLstmGruModel, buildStackedRnnModel } from "./index.ts";
import { install } from "./install.ts";
import { BidirectionalLayer } from "./layers/bidirectional-layer.ts";
import * as layers from "./layers/layers.ts";
import { LstmLayer } from "./layers/lstm-layer.ts";
import { RecurrentLayer } from "./layers/recurrent-layer.ts";
import { RnnLayer } from "./layers/rnn-layer.ts";

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

/** A user's cell: a moving mean with a weight of its own. */
class Mean extends RecurrentCell {
  static readonly className = "Mean";
  readonly stateSize: number;
  #rate: LayerVariable | undefined;

  constructor(args: { size: number }) {
    super(args as object);
    this.stateSize = args.size;
  }
  override build(): void {
    this.#rate = this.addWeight("rate", [this.stateSize], "float32", initializers.ones());
    this.built = true;
  }
  override call([x, mean]: tf.Tensor[]): tf.Tensor[] {
    const next = tf.add(mean!, tf.mul(this.#rate!.read(), tf.sub(x!, mean!)));
    return [next, next];
  }
  override getConfig(): tf.serialization.ConfigDict {
    return { size: this.stateSize, ...super.getConfig() };
  }
}
const cells = () => [
  layers.lstmCell({ units: H, biasInitializer: "randomUniform" as Any }),
  new Mean({ size: H }),
  layers.stackedRNNCells({ cells: [layers.gruCell({ units: 2 }), new Mean({ size: 2 })] }),
];

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
    "our cells": layers.rnn({ cell: cells(), inputShape: [T, I] }),
    "our cell": layers.rnn({ cell: layers.gruCell({ units: H }), inputShape: [T, I] }),
    "our cells, both ways": layers.bidirectional({
      layer: layers.rnn({ cell: cells() }),
      backwardLayer: layers.rnn({ cell: new Mean({ size: I }), goBackwards: true }),
      inputShape: [T, I],
    }),
    "stock cells in our RNN": layers.rnn({
      cell: [stock.lstmCell({ units: H }) as Any, stock.gruCell({ units: 2 }) as Any],
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
      ...["AdditiveAttention", "Attention", "Bidirectional", "Cropping1D", "Dropout", "Embedding"],
      ...["GRU", "GRUCell", "Identity", "LSTM", "LSTMCell", "Masking", "RNN", "SimpleRNN"],
      ...["SimpleRNNCell", "StackedRNNCells", "Subtract", "TimeDistributed", "UnitNormalization"],
      ...["UpSampling1D", "ZeroPadding1D"],
    ],
  });
});

test("a model of ours is loaded into our layers, hard_sigmoid and backwardLayer with it", async () => {
  for (const name of ["ours", "ours, both ways"]) {
    const model = await load(files[name]!);
    const layer = model.layers.at(-1);
    expect(layer instanceof LstmLayer || layer instanceof BidirectionalLayer).toBe(true);
    expect(predicted(model)).toBeAllclose(predictions[name]!, tolerances.saved.predictions);
    // And is the same file when it is saved again.
    expect((await saved(model)).modelTopology).toEqual(files[name]!.modelTopology);
  }
});

test.each(["our cell", "our cells", "our cells, both ways", "stock cells in our RNN"])(
  "a model of %s is loaded with equal weights and predictions, and saved as it was",
  async (name) => {
    tf.serialization.registerClass(Mean as Any);
    const model = await load(files[name]!);
    const layer = model.layers.at(-1);
    expect(layer instanceof RnnLayer || layer instanceof BidirectionalLayer).toBe(true);
    expect(predicted(model)).toBeAllclose(predictions[name]!, tolerances.saved.predictions);
    const again = await saved(model);
    expect(again.modelTopology).toEqual(files[name]!.modelTopology);
    expect(again.weightData).toEqual(files[name]!.weightData);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const target = tf.zerosLike(model.predict(x()) as tf.Tensor);
    expect(await model.trainOnBatch(x(), target)).toBeGreaterThan(0);
  },
);

test("a cell's class may come by customObjects; one that is nowhere is named", async () => {
  class Elsewhere extends (Mean as new (args: { size: number }) => Mean) {
    static readonly className = "Elsewhere";
  }
  const cell = [layers.gruCell({ units: H }), new Elsewhere({ size: H })];
  const model = sequential({ layers: [layers.rnn({ cell, inputShape: [T, I] })] });
  const json = () => ({ modelTopology: JSON.parse(model.toJSON() as string) });
  const customObjects = { Elsewhere: [Elsewhere, (Elsewhere as Any).fromConfig] };
  const loaded = await stockModels.modelFromJSON(json(), customObjects as Any);
  loaded.setWeights(model.getWeights());
  expect(predicted(loaded)).toBeAllclose(predicted(model), tolerances.saved.predictions);
  await expect(stockModels.modelFromJSON(json())).rejects.toThrow(
    "rnn: expected the class Elsewhere among customObjects or registered by",
  );
});

test("cells as layers of a model of one step are loaded as they were", async () => {
  const cell = layers.lstmCell({ units: H });
  const stack = layers.stackedRNNCells({ cells: [layers.gruCell({ units: 2 })] });
  const inputs = [I, H, H].map((n) => input({ shape: [n] }));
  const [h, , c] = cell.apply(inputs) as SymbolicTensor[];
  const [top] = stack.apply(h!) as SymbolicTensor[];
  const model = stockModel({ inputs, outputs: [top!, c!] });
  const loaded = await load(await saved(model));
  const given = inputs.map(({ shape }, i) => tf.randomUniform([2, shape[1]!], -1, 1, "float32", i));
  const [got, want] = [loaded, model].map((each) => each.predict(given) as tf.Tensor[]);
  for (const [i, y] of want!.entries()) {
    expect(got![i]!.dataSync()).toBeAllclose(y.dataSync(), tolerances.saved.predictions);
  }
});

test.each(["SimpleRNN", "LSTM", "GRU", "Bidirectional", "RNN"].map((name) => `stock ${name}`))(
  "a model of a %s keeps tfjs's numbers",
  async (name) => {
    const model = await load(files[name]!);
    expect(predicted(model)).toBeAllclose(predictions[name]!, tolerances.saved.predictions);
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
  expect(predicted(loaded)).toBeAllclose(predicted(model), tolerances.saved.predictions);
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
