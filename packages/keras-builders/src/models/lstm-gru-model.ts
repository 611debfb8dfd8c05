import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "../check.ts";
import { dense, gru, lstm } from "../layers/layers.ts";
import { adam } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface LstmGruModelOverrides extends TrainingOverrides {
  /** Units of the LSTM and the GRU. Default [64, 32]. */
  units?: readonly [number, number];
}

/**
 * An LSTM that feeds a GRU: LSTM 64 (sequences) → GRU 32 → Dense. Adam, mean squared error.
 *
 * Input `[B, timesteps, features]`, output `[B, outputUnits]`.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildLstmGruModel([20, 3], 1, { units: [32, 16] });
 */
export function buildLstmGruModel(
  inputShape: InputShape,
  outputUnits: number,
  overrides: LstmGruModelOverrides = {},
): Sequential {
  const check = checkFor("buildLstmGruModel", overrides, ["units"]);
  const { units = [64, 32] } = overrides;
  check.inputShape(inputShape);
  check.perLayer("units", units, 2);
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
      gru({ units: units[1], seed: seed() }),
      dense({ units: outputUnits, seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: adam, loss: "meanSquaredError" }, overrides);
}
