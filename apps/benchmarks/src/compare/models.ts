// The models that are compared, of both implementations, with the same weights, loss and optimizer.

import { adam, layers as fusedLayers, rmsprop, sgd } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { type Sequential, sequential, type layers as tfjsLayers } from "@tensorflow/tfjs-layers";
import * as stock from "../bench/stock-models.ts";
import { useVariant } from "./backend.ts";
import type { Settings, Task, Variant } from "./schema.ts";

type Layer = InstanceType<typeof tfjsLayers.Layer>;

/** What a model must know of what it learns. */
export interface Problem extends Pick<Settings, "units" | "learningRate"> {
  kind: Task["kind"];
  steps: number;
  /** Values of a step, or words of the vocabulary. */
  features: number;
  /** *sgd* shows gradients: its step is one, times the step size. */
  optimizer: Settings["optimizer"] | "sgd";
}

export type BuildModel = (
  variant: Pick<Variant, "model" | "cell" | "implementation">,
  problem: Problem,
  seed: number,
) => Sequential;

/** Length of a word's vector. */
const VECTOR = 32;

interface Recurrent {
  units: number;
  returnSequences: boolean;
  inputShape?: number[];
  seed: number;
}

/** Makes and compiles the model of a variant, on tfjs's current backend; **seed** is of fused layers' weights. */
export const buildModel: BuildModel = ({ model, cell, implementation }, problem, seed) => {
  const { kind, steps, features, units } = problem;
  const of = implementation === "fused" ? fused : ofStock;
  const depth = model === "stacked" ? 2 : 1;
  const isText = kind === "reviews";
  const built = sequential({
    layers: [
      ...(isText ? [of.embedding(features, steps, seed)] : []),
      ...Array.from({ length: depth }, (_, i) =>
        of[cell]({
          units,
          seed: seed + 1 + i,
          returnSequences: i < depth - 1,
          ...(i === 0 && !isText && { inputShape: [steps, features] }),
        }),
      ),
      of.dense(isText ? "sigmoid" : undefined, seed + 1 + depth),
    ],
  });
  built.compile({
    optimizer: of.optimizer(problem),
    loss: isText ? "binaryCrossentropy" : "meanSquaredError",
    metrics: isText ? ["acc"] : [],
  });
  return built;
};

type Kind = Record<Variant["cell"], (args: Recurrent) => Layer> & {
  embedding(words: number, steps: number, seed: number): Layer;
  dense(activation: "sigmoid" | undefined, seed: number): Layer;
  optimizer(problem: Problem): tf.Optimizer;
};

const fused: Kind = {
  simple_rnn: fusedLayers.simpleRNN,
  lstm: fusedLayers.lstm,
  gru: fusedLayers.gru,
  gru_reset_before: (args) => fusedLayers.gru({ ...args, resetAfter: false }),
  bidirectional_lstm: ({ inputShape, ...args }) =>
    fusedLayers.bidirectional({
      layer: fusedLayers.lstm(args),
      ...(inputShape && { inputShape }),
    }),
  embedding: (inputDim, inputLength, seed) =>
    fusedLayers.embedding({ inputDim, inputLength, outputDim: VECTOR, seed }),
  dense: (activation, seed) => fusedLayers.dense({ units: 1, activation, seed }),
  optimizer: ({ optimizer, learningRate }) =>
    ({ adam, rmsprop, sgd })[optimizer]({ learningRate }) as tf.Optimizer,
};

const ofStock: Kind = {
  simple_rnn: ({ seed: _, ...args }) => stock.simpleRNN(args),
  lstm: ({ seed: _, ...args }) => stock.lstm(args),
  gru: ({ seed: _, ...args }) => stock.gru(args),
  gru_reset_before: ({ seed: _, ...args }) => stock.gru(args),
  bidirectional_lstm: ({ seed: _, inputShape, ...args }) =>
    stock.bidirectional(stock.lstm(args), inputShape),
  embedding: (words, steps) => stock.embedding(words, VECTOR, steps),
  dense: (activation) => stock.dense(1, activation),
  optimizer: ({ optimizer, learningRate }) =>
    ({
      adam: () => tf.train.adam(learningRate, 0.9, 0.999, 1e-7),
      rmsprop: () => tf.train.rmsprop(learningRate, 0.9, 0, 1e-7),
      sgd: () => tf.train.sgd(learningRate),
    })[optimizer](),
};

/** A weight off its backend. */
export interface WeightValues {
  values: Float32Array;
  shape: number[];
}

/** A model's weights, read. */
export async function readWeights(model: Sequential): Promise<WeightValues[]> {
  return Promise.all(
    model.getWeights().map(async (weight) => ({
      values: Float32Array.from(await weight.data()),
      shape: weight.shape,
    })),
  );
}

/**
 * Gives a model the **weights** of another of its kind. Of a GRU's bias [2, 3H] stock has but one row: what the two
 * rows add up to.
 */
export function writeWeights(model: Sequential, weights: readonly WeightValues[]): void {
  tf.tidy(() => {
    const shapes = model.getWeights().map(({ shape }) => shape);
    model.setWeights(
      weights.map(({ values, shape }, k) => {
        const weight = tf.tensor(values, shape);
        return weight.rank > (shapes[k]?.length ?? 0) ? tf.sum(weight, 0) : weight;
      }),
    );
  });
}

/** What a seed makes of the weights: those of fused layers, for stock ones too. Leaves tfjs's cpu backend current. */
export async function initialWeights(
  { model, cell }: Pick<Variant, "model" | "cell">,
  problem: Problem,
  seed: number,
): Promise<WeightValues[]> {
  await useVariant({ backend: "cpu", threads: null });
  const drawn = buildModel({ model, cell, implementation: "fused" }, problem, seed);
  const weights = await readWeights(drawn);
  drawn.dispose();
  return weights;
}
