// What layers in general, wrappers and Embedding do by definition.

import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { built, type Check, setWaves, wave } from "../keras-case.fixture.ts";
import { type Api, type Layer, layerFrom } from "../keras-json.fixture.ts";
import { layerOf, must, training } from "./keras-definitions.fixture.ts";

const of = (class_name: string, config: object) => ({ class_name, config });
const farthest = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

/** The weights of a layer that is not trainable stay as they are while others are trained. */
export const trainable: Check = async (api) => {
  const first = { batchInputShape: [2, 3, 2] };
  const layer = layerOf(api, "LSTM", { units: 3, trainable: false }, first);
  const dense = layerFrom(api, { class_name: "Dense", config: { units: 1 } });
  const model = setWaves(sequential({ layers: [layer, dense] }));
  model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
  const weightsOf = (part: Layer) =>
    tf.concat1d(part.getWeights().map((w) => tf.reshape(w, [-1]) as tf.Tensor1D));
  const before = [layer, dense].map(weightsOf);
  await model.trainOnBatch(wave([2, 3, 2], 1.3), wave([2, 1], 0.9));
  const moved = [layer, dense].map((part, i) => farthest(weightsOf(part), before[i]!) > 0);
  must(!moved[0], "ignored", "weights move");
  must(moved[1]!, "other numbers", "nothing moves");
};

/** A layer says its name. */
export const named: Check = (api) => {
  const { name } = layerOf(api, "LSTM", { units: 3, name: "memory" });
  must(name === "memory", "ignored", name);
};

/** Outputs are of the layer's type. */
export const halfPrecision: Check = (api) => {
  const layer = layerOf(api, "LSTM", { units: 3 }, { dtype: "float16" });
  const { dtype } = built(layer, [2, 3, 2]).apply(wave([2, 3, 2], 1.3)) as tf.Tensor;
  must((dtype as string) === "float16", "ignored", `outputs of ${dtype}`);
};

/** Dropout inside of a wrapper. */
export const wrappedTraining =
  (kind: "Bidirectional" | "TimeDistributed"): Check =>
  (api) => {
    const lstm = of("LSTM", { units: 3, dropout: 0.5 });
    const layer = kind === "Bidirectional" ? lstm : of("Dropout", { rate: 0.5 });
    const x = tf.tile(wave([1, 3, 2], 1.3), [40, 1, 1]);
    training(built(layerFrom(api, of(kind, { layer })), x.shape), x);
  };

/** Weights as given: the forward layer's, then the backward one's. */
export const bidirectionalWeights: Check = (api) => {
  const json = of("Bidirectional", { layer: of("LSTM", { units: 3 }) });
  const x = wave([2, 3, 2], 1.3);
  const other = setWaves(built(layerFrom(api, json), x.shape));
  const layer = layerFrom(api, json, { weights: other.getWeights() });
  const error = farthest(layer.apply(x) as tf.Tensor, other.apply(x) as tf.Tensor);
  must(error < 1e-6, "ignored", `off by ${error}`);
};

const embedding = (api: Api, config: object, first: object = {}): Layer =>
  built(layerFrom(api, of("Embedding", config), first), [2, 3]);

/** A lookup in the matrix that was given. */
export const embeddingWeights: Check = (api) => {
  const weights = wave([5, 2], 0.7);
  const layer = layerFrom(api, of("Embedding", { input_dim: 5, output_dim: 2 }), {
    weights: [weights],
  });
  const tokens = tf.tensor2d([[4, 0, 3]], undefined, "int32");
  const looked = layer.apply(tokens) as tf.Tensor;
  const want = tf.expandDims(tf.gather(weights, [4, 0, 3]), 0);
  must(farthest(looked, want) === 0, "ignored", `${looked}`);
};

/** Uniform in ±0.05. */
export const uniformEmbeddings: Check = (api) => {
  const [weights] = embedding(api, { input_dim: 50, output_dim: 40 }).getWeights();
  const most = tf.max(tf.abs(weights!)).dataSync()[0]! / 0.05;
  const variance = (3 * tf.mean(tf.square(weights!)).dataSync()[0]!) / 0.05 ** 2;
  const is = most <= 1 + 1e-6 && most > 0.98 && Math.abs(variance - 1) < 0.15;
  must(is, "other numbers", `largest ${most} of the limit, variance ${variance} of uniform`);
};

/** With LoRA of rank r the embeddings stay as they are and two matrices of r are trained. */
export const lora =
  (option: "lora_rank" | "lora_alpha" | "quantization_config"): Check =>
  (api) => {
    const options = { lora_rank: 1, lora_alpha: 2, quantization_config: of("Int8", {}) };
    const config = { input_dim: 5, output_dim: 2, [option]: options[option] };
    const shapes = embedding(api, config).weights.map(({ shape }) => `${shape}`);
    must(shapes.length > 1, "ignored", `weights of shapes ${shapes}`);
  };

/** A masked step is 0 even where its features are infinite. */
export const infiniteMaskValue: Check = (api) => {
  const layer = layerFrom(api, of("Masking", {}), { maskValue: Number.POSITIVE_INFINITY });
  const x = tf.tensor3d([
    [
      [Infinity, Infinity],
      [1, 2],
    ],
  ]);
  const got = (layer.apply(x) as tf.Tensor).dataSync();
  must(`${got}` === "0,0,1,2", "other numbers", `${got}`);
};
