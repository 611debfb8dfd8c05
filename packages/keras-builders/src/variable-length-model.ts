import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { dense, embedding, lstm } from "./layers.ts";
import { rmsprop } from "./optimizers.ts";
import { seeds } from "./seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface VariableLengthModelOverrides extends TrainingOverrides {
  /** Units of the LSTM. Default 64. */
  units?: number;
  /** Length of a token's vector. Default 64. */
  embeddingDim?: number;
}

/**
 * Reads token sequences of different lengths, padded with 0 to one: Embedding (mask zero) → LSTM 64 →
 * Dense (sigmoid). RMSprop, binary crossentropy.
 *
 * Input `[B, maxSequenceLength]` of tokens from 0 to below vocabSize, output `[B, outputUnits]` in
 * (0, 1). The mask makes padded steps pass the LSTM's state on unchanged, so a sequence counts for
 * what it is, wherever its padding stands.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildVariableLengthModel(100, 10000, 1);
 */
export function buildVariableLengthModel(
  maxSequenceLength: number,
  vocabSize: number,
  outputUnits: number,
  overrides: VariableLengthModelOverrides = {},
): Sequential {
  const { units = 64, embeddingDim = 64 } = overrides;
  const check = checkFor("buildVariableLengthModel", overrides);
  check.counts({ maxSequenceLength, vocabSize, outputUnits, units, embeddingDim });

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
      dense({ units: outputUnits, activation: "sigmoid", seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: rmsprop, loss: "binaryCrossentropy" }, overrides);
}
