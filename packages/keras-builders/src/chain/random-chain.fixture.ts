// Random models whose layers stand one behind the other, as property tests draw them, with data for them.

import { type CellKind, cellKinds, cellTable } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import {
  initializers,
  type Sequential,
  sequential,
  type layers as stock,
} from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { adam, rmsprop, sgd } from "../index.ts";
import * as layers from "../layers/layers.ts";

type Layer = InstanceType<typeof stock.Layer>;

/** A layer in the middle: a recurrence over the sequence, or what keeps its steps. */
interface DrawnLink {
  kind: "recurrent" | "bidirectional" | "dropout" | "dense";
  cell: CellKind;
  units: number;
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  mergeMode: "concat" | "sum" | "ave" | "mul";
  activation: "tanh" | "relu" | "sigmoid" | "elu";
  dropout: number;
  recurrentDropout: number;
}

/** A model in words. */
export interface DrawnChain {
  B: number;
  T: number;
  input: "tokens" | "tokens, masked" | "numbers" | "numbers, masked";
  features: number;
  links: readonly DrawnLink[];
  /** Before the last Dense: the last output of a recurrence, or all steps in one row. */
  end: "recurrent" | "flatten" | "steps";
  last: DrawnLink;
  head: "mse" | "mae" | "binary" | "classes";
  optimizer: "sgd" | "momentum" | "clipped" | "adam" | "rmsprop";
  frozen: number;
  seed: number;
}

const factories = { simpleRnn: layers.simpleRNN, lstm: layers.lstm, gru: layers.gru };

const link: fc.Arbitrary<DrawnLink> = fc.record({
  kind: fc.constantFrom("recurrent", "recurrent", "bidirectional", "dropout", "dense"),
  cell: fc.constantFrom(...cellKinds.filter((kind) => cellTable[kind].name in factories)),
  units: fc.constantFrom(1, 3, 4, 8, 17),
  goBackwards: fc.boolean(),
  zeroOutputForMask: fc.boolean(),
  mergeMode: fc.constantFrom("concat", "sum", "ave", "mul"),
  activation: fc.constantFrom("tanh", "relu", "sigmoid", "elu"),
  dropout: fc.constantFrom(0, 0, 0.3),
  recurrentDropout: fc.constantFrom(0, 0, 0.2),
});

/** Models that run as a whole. */
export const drawnChains: fc.Arbitrary<DrawnChain> = fc.record({
  B: fc.integer({ min: 1, max: 9 }),
  T: fc.integer({ min: 1, max: 7 }),
  input: fc.constantFrom("tokens", "tokens, masked", "numbers", "numbers, masked"),
  features: fc.constantFrom(1, 3, 8),
  links: fc.array(link, { maxLength: 3 }),
  end: fc.constantFrom("recurrent", "recurrent", "flatten", "steps"),
  last: link.map((drawn) => ({
    ...drawn,
    kind: drawn.goBackwards ? "recurrent" : "bidirectional",
  })),
  head: fc.constantFrom("mse", "mae", "binary", "classes"),
  optimizer: fc.constantFrom("sgd", "momentum", "clipped", "adam", "rmsprop"),
  frozen: fc.nat(6),
  seed: fc.integer({ min: 1, max: 1000 }),
});

function layerOf(drawn: DrawnLink, seed: number, returnSequences: boolean): Layer {
  const { kind, cell, units, goBackwards, zeroOutputForMask, mergeMode, activation } = drawn;
  if (kind === "dropout") return layers.dropout({ rate: 0.25, seed });
  if (kind === "dense") {
    return layers.timeDistributed({ layer: layers.dense({ units, activation, seed }) });
  }
  const { name, options } = cellTable[cell];
  const { dropout, recurrentDropout } = drawn;
  const layer = factories[name as keyof typeof factories]({
    ...{ units, returnSequences, zeroOutputForMask, dropout, recurrentDropout, seed },
    ...{ ...options, goBackwards },
  });
  return kind === "recurrent" ? layer : layers.bidirectional({ layer, mergeMode });
}

/** A mask may not reach the loss. */
const endsMask = ({ end, input }: DrawnChain): boolean =>
  end === "recurrent" || !input.endsWith("masked");

const optimizers = {
  sgd: () => sgd({ learningRate: 0.1 }),
  // Nine tenths of each step again: at a larger rate models run away, and the last bits with them.
  momentum: () => sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true }),
  clipped: () => sgd({ learningRate: 0.1, clipnorm: 0.1 }),
  // With an epsilon beside which a gradient of rounding alone is no step.
  adam: () => adam({ learningRate: 0.01, epsilon: 1e-3 }),
  rmsprop: () => rmsprop({ learningRate: 0.01, epsilon: 1e-3 }),
};

const losses = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  binary: "binaryCrossentropy",
  classes: "sparseCategoricalCrossentropy",
} as const;
const activations = { mse: "linear", mae: "tanh", binary: "sigmoid", classes: "softmax" } as const;

/** A first layer that keeps a sequence of numbers. */
function firstOf({ T, features, seed, frozen }: DrawnChain): Layer {
  const inputShape = [T, features];
  if (frozen % 2 === 0) return layers.dropout({ rate: 0.1, inputShape, seed });
  return layers.timeDistributed({ layer: layers.dense({ units: 3, seed }), inputShape });
}

/** Builds a drawn model, the same each time. */
export function buildChain(drawn: DrawnChain): Sequential {
  const { T, input, features, links, last, head, optimizer, frozen, seed } = drawn;
  const end = endsMask(drawn) ? drawn.end : "recurrent";
  const isMasked = input.endsWith("masked");
  const first: Layer[] = input.startsWith("tokens")
    ? [
        layers.embedding({
          inputDim: 6,
          outputDim: features,
          inputLength: T,
          maskZero: isMasked,
          seed,
        }),
      ]
    : isMasked
      ? [layers.masking({ inputShape: [T, features] })]
      : [firstOf(drawn)];
  const middle = links.map((each, i) => layerOf(each, seed + i, true));
  const before: Layer[] =
    end === "recurrent"
      ? [layerOf(last, seed + 7, false)]
      : end === "flatten"
        ? [layers.flatten({})]
        : [];
  const units = head === "classes" ? 3 : 2;
  // Biases apart: classes that are equally likely to the last bits would make an accuracy of either.
  const dense = layers.dense({
    ...{ units, activation: activations[head], seed },
    biasInitializer: initializers.randomUniform({ minval: -0.3, maxval: 0.3, seed }),
  });
  const model = sequential({ layers: [...first, ...middle, ...before, dense] });
  const layer = model.layers[frozen];
  if (layer && frozen < model.layers.length - 1) layer.trainable = false;
  model.compile({
    optimizer: optimizers[optimizer](),
    loss: losses[head],
    metrics: head === "classes" ? ["accuracy"] : ["mse"],
  });
  return model;
}

/** Inputs and targets for a drawn model. */
export function dataFor(drawn: DrawnChain, model: Sequential): { x: tf.Tensor; y: tf.Tensor } {
  const { B, T, input, features, head } = drawn;
  const wave = (i: number) => Math.sin(1.7 * i + 0.3) + 0.1 * Math.cos(i * i);
  const isMasked = input.endsWith("masked");
  const x = input.startsWith("tokens")
    ? tf.tensor2d(
        Array.from({ length: B * T }, (_, i) => (i * i + 3 * i) % 6),
        [B, T],
        "int32",
      )
    : tf.tensor3d(
        Array.from({ length: B * T * features }, (_, i) => {
          const step = Math.floor(i / features);
          return isMasked && step % 3 === 2 ? 0 : wave(i);
        }),
        [B, T, features],
      );
  const shape = (model.outputs[0]!.shape as (number | null)[]).map((n) => n ?? B);
  const rows = shape.slice(0, -1);
  const wanted = head === "classes" ? [...rows, 1] : shape;
  const target = (i: number) =>
    head === "classes" ? i % 3 : head === "binary" ? (i >> 1) % 2 : wave(i + 5);
  const length = tf.util.sizeFromShape(wanted);
  const y = tf.tensor(
    Float32Array.from({ length }, (_, i) => target(i)),
    wanted,
    "float32",
  );
  return { x, y };
}
