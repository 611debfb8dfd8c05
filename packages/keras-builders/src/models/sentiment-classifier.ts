import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { bidirectional, dense, embedding, gru, lstm, simpleRNN } from "../layers/layers.ts";
import { rmsprop } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

/** The cells that the tutorial compares. */
export type SentimentCell = "simple_rnn" | "lstm" | "gru" | "bidirectional_lstm";

type CellArgs = { units: number; seed: number | undefined };

const cells: Record<SentimentCell, (args: CellArgs) => ReturnType<typeof dense>> = {
  simple_rnn: simpleRNN,
  lstm,
  gru,
  bidirectional_lstm: (args) => bidirectional({ layer: lstm(args) }),
};

export interface SentimentClassifierOptions extends TrainingOverrides {
  /** How many different tokens there are, 0 for padding included. */
  vocabSize: number;
  /** Length to which the reviews are padded or cut. */
  maxLen: number;
  /** Length of a token's vector. Default 32. */
  embeddingDim?: number;
  /** Units of the cell, in each direction. Default 32. */
  units?: number;
  /** Whether token 0 is hidden from the cell. Default false, as in the tutorial. */
  maskZero?: boolean;
}

/**
 * Good or bad review: Embedding 32 → the cell 32 → Dense 1 (sigmoid). RMSprop, binary crossentropy,
 * accuracy.
 *
 * Input `[B, maxLen]` of tokens from 0 to below vocabSize, output `[B, 1]` in (0, 1). Pad in front
 * (`padSequences`' default): without **maskZero** padding behind is what the cell remembers last.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildSentimentClassifier("lstm", { vocabSize: 10000, maxLen: 200 });
 */
export function buildSentimentClassifier(
  cell: SentimentCell,
  options: SentimentClassifierOptions,
): Sequential {
  const names = ["vocabSize", "maxLen", "embeddingDim", "units", "maskZero"];
  const check = checkFor(
    "buildSentimentClassifier",
    options,
    names,
    "{ vocabSize: 10000, maxLen: 200 }",
  );
  const { vocabSize, maxLen, embeddingDim = 32, units = 32, maskZero = false } = options;
  check.oneOf("cell", cell, Object.keys(cells));
  check.counts({ vocabSize, maxLen, embeddingDim, units });

  const seed = seeds(options.seed);
  const model = sequential({
    layers: [
      embedding({
        inputDim: vocabSize,
        outputDim: embeddingDim,
        maskZero,
        inputLength: maxLen,
        seed: seed(),
      }),
      cells[cell]({ units, seed: seed() }),
      dense({ units: 1, activation: "sigmoid", seed: seed() }),
    ],
  });
  const loss = "binaryCrossentropy";
  return compiled(model, { optimizer: rmsprop, loss, metrics: ["acc"] }, options);
}
