import { type Random, seededRandom } from "@rnnkit/core-rnn";
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
} from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import {
  stockBidirectionalRnnModel,
  stockLstmForecaster,
  stockLstmGruModel,
  stockSentimentClassifier,
  stockSimpleRnnModel,
  stockStackedRnnModel,
  stockStockForecaster,
  stockVariableLengthModel,
} from "./stock-models.ts";

/** Milliseconds of others, a training step and a prediction. */
export interface Reference {
  system: string;
  trainMs: number;
  predictMs: number | null;
}

/** What is aimed at; times for a core whose matrix peak is `GOAL_PEAK`, on two threads. */
export interface Goals {
  trainMs?: number;
  predictMs?: number;
  trainRatio?: number;
  predictRatio: number;
}

/** One of the tutorial's models in both forms, with a batch to train it on. */
export interface TutorialModel {
  name: string;
  /** The model and the shape of its input, in words. */
  title: string;
  batchSize: number;
  fused(): Sequential;
  stock(): Sequential;
  /** **count** examples. */
  examples(count: number, random: Random): { x: tf.Tensor; y: tf.Tensor };
  /** Whether equal weights give equal predictions: not with a GRU, whose reset gate stands elsewhere. */
  sameNumbers: boolean;
  /** Whether equal weights give equal training losses: not with dropout. */
  sameLoss: boolean;
  goals: Goals;
  references: readonly Reference[];
}

/** GFLOP/s a core of the machine that the goals in milliseconds are for. */
export const GOAL_PEAK = 59;

/** Where the references were measured. */
export const REFERENCE_MACHINE =
  "others, measured once on a 2-core Zen 5 server of peak 59 (best of one and two threads)";

const VOCABULARY = 10_000;
const REVIEW = 500;

const reference = (system: string, trainMs: number, predictMs: number | null): Reference => ({
  ...{ system, trainMs, predictMs },
});

const sentimentFigures: Record<SentimentCell, { trainMs: number; references: Reference[] }> = {
  simple_rnn: {
    trainMs: 8,
    references: [
      reference("Keras TF", 31, 7.2),
      reference("Keras JAX", 12, 2.3),
      reference("PyTorch", 23, 5),
    ],
  },
  lstm: {
    trainMs: 13,
    references: [
      reference("Keras TF", 47, 11.5),
      reference("Keras JAX", 23, 4.8),
      reference("PyTorch", 12.4, 2.3),
    ],
  },
  gru: {
    trainMs: 14,
    references: [
      reference("Keras TF", 47, 18),
      reference("Keras JAX", 29, 11),
      reference("PyTorch", 57, 9.3),
    ],
  },
  bidirectional_lstm: {
    trainMs: 25,
    references: [
      reference("Keras TF", 51, 11),
      reference("Keras JAX", 60, 9.5),
      reference("PyTorch", 22, 5.5),
    ],
  },
};

function sentiment(cell: SentimentCell, seed: number, padding: number): TutorialModel {
  const { trainMs, references } = sentimentFigures[cell];
  return {
    name: `imdb_${cell}`,
    title: `Embedding 10000×32, ${cell} 32, Dense 1; 500 words; RMSprop`,
    batchSize: 32,
    fused: () => buildSentimentClassifier(cell, { vocabSize: VOCABULARY, maxLen: REVIEW, seed }),
    stock: () => stockSentimentClassifier(cell, VOCABULARY, REVIEW),
    examples: (count, random) => ({
      x: padded([count, REVIEW], VOCABULARY, padding, random),
      y: classes(2)(count, random),
    }),
    sameNumbers: cell !== "gru",
    sameLoss: cell !== "gru",
    goals: {
      trainMs,
      predictRatio: 20,
      ...(cell === "lstm" && { trainRatio: 30, predictMs: 4 }),
    },
    references,
  };
}

/** Every model of the tutorial; of the IMDB ones' words, the share **padding** is 0 in front, on average. */
export function tutorialModels(seed: number, padding = 0): readonly TutorialModel[] {
  const cells = ["lstm", "gru", "simple_rnn", "bidirectional_lstm"] as const;
  const usual = {
    batchSize: 32,
    sameNumbers: true,
    sameLoss: true,
    goals: { predictRatio: 20 },
    references: [],
  };
  const withGru = { ...usual, sameNumbers: false, sameLoss: false };
  return [
    ...cells.map((cell) => sentiment(cell, seed, padding)),
    {
      ...usual,
      name: "stock_forecaster",
      title: "LSTM 50, Dense 1; 20 steps of 1; Adam",
      fused: () => buildStockForecaster(20, { seed }),
      stock: () => stockStockForecaster(20),
      examples: sequences([20, 1], values),
      goals: { trainMs: 1.2, trainRatio: 10, predictRatio: 20 },
      references: [
        reference("Keras TF", 2.3, 1),
        reference("Keras JAX", 2, 0.73),
        reference("PyTorch", 0.9, 0.2),
      ],
    },
    {
      ...usual,
      name: "lstm_forecaster",
      title: "LSTM 50 relu, Dropout, LSTM 50 relu, Dropout, Dense 1; 20 steps of 1; Adam",
      fused: () => buildLstmForecaster(20, 1, 1, { seed }),
      stock: () => stockLstmForecaster(20, 1),
      examples: sequences([20, 1], values),
      sameLoss: false,
      goals: { trainRatio: 10, predictRatio: 20 },
    },
    {
      ...usual,
      name: "simple_rnn_model",
      title: "SimpleRNN 64, Dropout, SimpleRNN 32, Dense 1; 20 steps of 3; Adam",
      fused: () => buildSimpleRnnModel([20, 3], 1, { seed }),
      stock: () => stockSimpleRnnModel([20, 3]),
      examples: sequences([20, 3], values),
      sameLoss: false,
    },
    {
      ...withGru,
      name: "lstm_gru_model",
      title: "LSTM 64, GRU 32, Dense 1; 20 steps of 3; Adam",
      fused: () => buildLstmGruModel([20, 3], 1, { seed }),
      stock: () => stockLstmGruModel([20, 3]),
      examples: sequences([20, 3], values),
    },
    {
      ...withGru,
      name: "bidirectional_rnn_model",
      title: "Bidirectional LSTM 64, Bidirectional GRU 32, Dense 1; 20 steps of 3; Adam",
      fused: () => buildBidirectionalRnnModel([20, 3], 1, { seed }),
      stock: () => stockBidirectionalRnnModel([20, 3]),
      examples: sequences([20, 3], values),
    },
    {
      ...withGru,
      name: "stacked_rnn_model",
      title: "LSTM 64, LSTM 32, GRU 16, Dense 1; 20 steps of 3; Adam",
      fused: () => buildStackedRnnModel([20, 3], 1, { seed }),
      stock: () => stockStackedRnnModel([20, 3]),
      examples: sequences([20, 3], values),
    },
    {
      ...usual,
      name: "variable_length_model",
      title: "Embedding 10000×64 (mask), LSTM 64, Dense 10; up to 100 words, padded; Adam",
      fused: () => buildVariableLengthModel(100, VOCABULARY, 10, { seed }),
      stock: () => stockVariableLengthModel(100, VOCABULARY, 10),
      examples: (count, random) => ({
        x: padded([count, 100], VOCABULARY, 0.5, random),
        y: classes(10)(count, random),
      }),
    },
  ];
}

type Targets = (count: number, random: Random) => tf.Tensor;

const sequences =
  (shape: number[], targets: Targets): TutorialModel["examples"] =>
  (count, random) => ({ x: normal([count, ...shape], random), y: targets(count, random) });

const values: Targets = (count, random) => normal([count, 1], random);

const classes =
  (n: number): Targets =>
  (count, random) =>
    tf.tensor(
      Float32Array.from({ length: count }, () => Math.floor(random.uniform() * n)),
      [count, 1],
      "float32",
    );

const sizeOf = (shape: number[]) => shape.reduce((size, n) => size * n, 1);

function normal(shape: number[], random: Random): tf.Tensor {
  return tf.tensor(Float32Array.from({ length: sizeOf(shape) }, random.normal), shape, "float32");
}

// As in a language, few words are most of a text: word n comes about as often as 1 / n.
function word(vocabulary: number, random: Random): number {
  return Math.floor(vocabulary ** random.uniform());
}

// Each row holds a random number of words, the padding 0 in front of them: from row to row as different shares as
// have the mean **share**.
function padded(
  [rows = 0, steps = 0]: number[],
  vocabulary: number,
  share: number,
  random: Random,
): tf.Tensor {
  const values = new Int32Array(rows * steps);
  const spread = Math.min(share, 1 - share);
  for (let row = 0; row < rows; row++) {
    const padding = spread > 0 ? share + spread * (2 * random.uniform() - 1) : share;
    const first = Math.floor(padding * steps);
    for (let t = first; t < steps; t++) values[row * steps + t] = word(vocabulary, random);
  }
  return tf.tensor(values, [rows, steps], "int32");
}

/** **count** examples of a model, the same for the same seed. */
export function seededExamples(
  model: TutorialModel,
  count: number,
  seed: number,
): { x: tf.Tensor; y: tf.Tensor } {
  return model.examples(count, seededRandom(seed));
}
