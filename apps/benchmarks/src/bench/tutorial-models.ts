import { seededRandom } from "@rnnkit/core-rnn";
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
import type { Sequential } from "@tensorflow/tfjs-layers";
import { classes, type Draw, type Examples, padded, sequences, values } from "./drawn-examples.ts";
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

/** A builder of keras-builders by name, and what it is called with. */
export interface Construction {
  builder: string;
  args: readonly unknown[];
}

/** Arguments of Keras's `compile`. */
export interface KerasCompile {
  optimizer: "adam" | "rmsprop";
  loss: "mse" | "binary_crossentropy" | "sparse_categorical_crossentropy";
  metrics: string[];
}

/** One of the tutorial's models in both forms, with a batch to train it on. */
export interface TutorialModel {
  name: string;
  /** The model and the shape of its input, in words. */
  title: string;
  batchSize: number;
  /** Builds it, and how: the name of a builder and its arguments, which another process can be told. */
  fused: (() => Sequential) & Construction;
  /** What Keras compiles it with, in the tutorial's words. */
  compile: KerasCompile;
  stock(): Sequential;
  examples: Draw;
  /** Whether equal weights give equal predictions: not with a GRU, whose reset gate stands elsewhere. */
  sameNumbers: boolean;
  /** Whether equal weights give equal training losses in stock: not where predictions differ, nor with **dropout**. */
  sameLoss: boolean;
  /** Whether it draws in training, so that no two losses are the same. */
  dropout?: boolean;
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

function by<Args extends unknown[]>(
  builder: (...args: Args) => Sequential,
  ...args: Args
): TutorialModel["fused"] {
  return Object.assign(() => builder(...args), { builder: builder.name, args });
}

const regression: KerasCompile = { optimizer: "adam", loss: "mse", metrics: [] };

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
    fused: by(buildSentimentClassifier, cell, { vocabSize: VOCABULARY, maxLen: REVIEW, seed }),
    stock: () => stockSentimentClassifier(cell, VOCABULARY, REVIEW),
    compile: { optimizer: "rmsprop", loss: "binary_crossentropy", metrics: ["accuracy"] },
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

const usual = {
  batchSize: 32,
  compile: regression,
  sameNumbers: true,
  sameLoss: true,
  goals: { predictRatio: 20 },
  references: [],
} satisfies Partial<TutorialModel>;

function textModels(seed: number, padding: number): TutorialModel[] {
  return [
    {
      ...usual,
      name: "text_classifier",
      title: "Embedding 10000×64, Bidirectional LSTM 64, Dense 1; 200 words; Adam",
      fused: by(buildSentimentClassifier, "bidirectional_lstm", {
        ...{ vocabSize: VOCABULARY, maxLen: 200, embeddingDim: 64, units: 64 },
        ...{ optimizer: "adam", seed },
      }),
      stock: () =>
        stockSentimentClassifier("bidirectional_lstm", VOCABULARY, 200, {
          ...{ embeddingDim: 64, units: 64, optimizer: "adam" },
        }),
      compile: { optimizer: "adam", loss: "binary_crossentropy", metrics: ["accuracy"] },
      examples: (count, random) => ({
        x: padded([count, 200], VOCABULARY, padding, random),
        y: classes(2)(count, random),
      }),
    },
    {
      ...usual,
      name: "variable_length_model",
      title: "Embedding 10000×64 (mask), LSTM 64, Dense 10; up to 100 words, padded; Adam",
      fused: by(buildVariableLengthModel, 100, VOCABULARY, 10, { seed }),
      stock: () => stockVariableLengthModel(100, VOCABULARY, 10),
      compile: {
        ...{ optimizer: "adam", loss: "sparse_categorical_crossentropy" },
        metrics: ["accuracy"],
      },
      examples: (count, random) => ({
        x: padded([count, 100], VOCABULARY, 0.5, random),
        y: classes(10)(count, random),
      }),
    },
  ];
}

/** Every model of the tutorial; of the IMDB ones' words, the share **padding** is 0 in front, on average. */
export function tutorialModels(seed: number, padding = 0): readonly TutorialModel[] {
  const cells = ["lstm", "gru", "simple_rnn", "bidirectional_lstm"] as const;
  const withGru = { ...usual, sameNumbers: false, sameLoss: false };
  return [
    ...cells.map((cell) => sentiment(cell, seed, padding)),
    {
      ...usual,
      name: "stock_forecaster",
      title: "LSTM 50, Dense 1; 20 steps of 1; Adam",
      fused: by(buildStockForecaster, 20, { seed }),
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
      fused: by(buildLstmForecaster, 20, 1, 1, { seed }),
      stock: () => stockLstmForecaster(20, 1),
      examples: sequences([20, 1], values),
      sameLoss: false,
      dropout: true,
      goals: { trainRatio: 10, predictRatio: 20 },
    },
    {
      ...usual,
      name: "simple_rnn_model",
      title: "SimpleRNN 64, Dropout, SimpleRNN 32, Dense 1; 20 steps of 3; Adam",
      fused: by(buildSimpleRnnModel, [20, 3], 1, { seed }),
      stock: () => stockSimpleRnnModel([20, 3]),
      examples: sequences([20, 3], values),
      sameLoss: false,
      dropout: true,
    },
    {
      ...withGru,
      name: "lstm_gru_model",
      title: "LSTM 64, GRU 32, Dense 1; 20 steps of 3; Adam",
      fused: by(buildLstmGruModel, [20, 3], 1, { seed }),
      stock: () => stockLstmGruModel([20, 3]),
      examples: sequences([20, 3], values),
    },
    {
      ...withGru,
      name: "bidirectional_rnn_model",
      title: "Bidirectional LSTM 64, Bidirectional GRU 32, Dense 1; 20 steps of 3; Adam",
      fused: by(buildBidirectionalRnnModel, [20, 3], 1, { seed }),
      stock: () => stockBidirectionalRnnModel([20, 3]),
      examples: sequences([20, 3], values),
    },
    {
      ...withGru,
      name: "stacked_rnn_model",
      title: "LSTM 64, LSTM 32, GRU 16, Dense 1; 20 steps of 3; Adam",
      fused: by(buildStackedRnnModel, [20, 3], 1, { seed }),
      stock: () => stockStackedRnnModel([20, 3]),
      examples: sequences([20, 3], values),
    },
    ...textModels(seed, padding),
  ];
}

/** **count** examples of a model, the same for the same seed. */
export function seededExamples(
  model: Pick<TutorialModel, "examples">,
  count: number,
  seed: number,
): Examples {
  return model.examples(count, seededRandom(seed));
}
