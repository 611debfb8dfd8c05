import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { dense, embedding, lstm } from "../layers/layers.ts";
import { adam } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface VariableLengthModelOverrides extends TrainingOverrides {
  /** Units of the LSTM. Default 64. */
  units?: number;
  /** Length of a token's vector. Default 64. */
  embeddingDim?: number;
  /**
   * Of the output. Default *softmax*, for the loss expects probabilities. *linear* is the tutorial's
   * letter, which leaves it out. The loss is then what Keras makes of such outputs (on TensorFlow): each
   * clipped to [1e-7, 1 - 1e-7], then divided by their sum. One below 0 or above 1 has no gradient: a
   * class whose output is below 0 costs about 16 and is not learned from its own examples.
   */
  outputActivation?: "softmax" | "linear";
}

/**
 * Sorts token sequences of different lengths, padded with 0 to one, into classes: Embedding 64 (mask
 * zero) → LSTM 64 → Dense (softmax). Adam, sparse categorical crossentropy, accuracy.
 *
 * Input `[B, maxSequenceLength]` of tokens from 0 to below vocabSize, target `[B, 1]` of class numbers,
 * output `[B, outputUnits]` of probabilities. The mask makes padded steps pass the LSTM's state on
 * unchanged, so a sequence counts for what it is, wherever its padding stands.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildVariableLengthModel(100, 10000, 10);
 */
export function buildVariableLengthModel(
  maxSequenceLength: number,
  vocabSize: number,
  outputUnits: number,
  overrides: VariableLengthModelOverrides = {},
): Sequential {
  const check = checkFor("buildVariableLengthModel", overrides, [
    "units",
    "embeddingDim",
    "outputActivation",
  ]);
  const { units = 64, embeddingDim = 64, outputActivation = "softmax" } = overrides;
  check.counts({ maxSequenceLength, vocabSize, outputUnits, units, embeddingDim });
  check.oneOf("outputActivation", outputActivation, ["softmax", "linear"]);

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      embedding({
        inputDim: vocabSize,
        outputDim: embeddingDim,
        maskZero: true,
        inputLength: maxSequenceLength,
        seed: seed(),
      }),
      lstm({ units, seed: seed() }),
      dense({ units: outputUnits, activation: outputActivation, seed: seed() }),
    ],
  });
  const loss = "sparseCategoricalCrossentropy";
  return compiled(model, { optimizer: adam, loss, metrics: ["accuracy"] }, overrides);
}
