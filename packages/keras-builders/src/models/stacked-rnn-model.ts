import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "../check.ts";
import { dense, gru, lstm } from "../layers/layers.ts";
import { adam } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface StackedRnnModelOverrides extends TrainingOverrides {
  /** Units of the two LSTMs and the GRU. Default [64, 32, 16]. */
  units?: readonly [number, number, number];
}

/**
 * Three layers on top of each other: LSTM 64 (sequences) → LSTM 32 (sequences) → GRU 16 → Dense. Adam,
 * mean squared error.
 *
 * Input `[B, timesteps, features]`, output `[B, outputUnits]`.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildStackedRnnModel([20, 3], 1, { clipnorm: 1 });
 */
export function buildStackedRnnModel(
  inputShape: InputShape,
  outputUnits: number,
  overrides: StackedRnnModelOverrides = {},
): Sequential {
  const check = checkFor("buildStackedRnnModel", overrides, ["units"]);
  const { units = [64, 32, 16] } = overrides;
  check.inputShape(inputShape);
  check.perLayer("units", units, 3);
  check.counts({ outputUnits, units });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      lstm({
        units: units[0],
        returnSequences: true,
        inputShape: [...inputShape],
        seed: seed(),
      }),
      lstm({ units: units[1], returnSequences: true, seed: seed() }),
      gru({ units: units[2], seed: seed() }),
      dense({ units: outputUnits, seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: adam, loss: "meanSquaredError" }, overrides);
}
