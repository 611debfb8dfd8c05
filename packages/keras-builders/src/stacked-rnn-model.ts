import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "./check.ts";
import { dense, gru, lstm, simpleRNN } from "./layers.ts";
import { adam } from "./optimizers.ts";
import { seeds } from "./seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface StackedRnnModelOverrides extends TrainingOverrides {
  /** Units of the SimpleRNN, the LSTM and the GRU. Default [64, 64, 32]. */
  units?: readonly [number, number, number];
}

/**
 * All three cells on top of each other, to choose one of several classes: SimpleRNN 64 (sequences) →
 * LSTM 64 (sequences) → GRU 32 → Dense (softmax). Adam, sparse categorical crossentropy, accuracy.
 *
 * Input `[B, timesteps, features]`, target `[B, 1]` of class numbers, output `[B, outputUnits]` of
 * probabilities.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildStackedRnnModel([20, 3], 5, { clipnorm: 1 });
 */
export function buildStackedRnnModel(
  inputShape: InputShape,
  outputUnits: number,
  overrides: StackedRnnModelOverrides = {},
): Sequential {
  const { units = [64, 64, 32] } = overrides;
  const check = checkFor("buildStackedRnnModel", overrides);
  check.inputShape(inputShape);
  check.perLayer("units", units, 3);
  check.counts({ outputUnits, units });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      simpleRNN({
        units: units[0],
        returnSequences: true,
        inputShape: [...inputShape],
        seed: seed(),
      }),
      lstm({ units: units[1], returnSequences: true, seed: seed() }),
      gru({ units: units[2], seed: seed() }),
      dense({ units: outputUnits, activation: "softmax", seed: seed() }),
    ],
  });
  const loss = "sparseCategoricalCrossentropy";
  return compiled(model, { optimizer: adam, loss, metrics: ["accuracy"] }, overrides);
}
