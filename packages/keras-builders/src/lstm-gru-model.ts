import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "./check.ts";
import { dense, dropout, gru, lstm } from "./layers.ts";
import { rmsprop } from "./optimizers.ts";
import { seeds } from "./seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface LstmGruModelOverrides extends TrainingOverrides {
  /** Units of the LSTM and the GRU. Default [64, 32]. */
  units?: readonly [number, number];
  /** Dropout rates after the LSTM and after the GRU. Default [0.2, 0.2]. */
  dropout?: readonly [number, number];
}

/**
 * An LSTM that feeds a GRU, for yes or no: LSTM 64 (sequences) → Dropout 0.2 → GRU 32 → Dropout 0.2 →
 * Dense (sigmoid). RMSprop, binary crossentropy.
 *
 * Input `[B, timesteps, features]`, output `[B, outputUnits]` in (0, 1).
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildLstmGruModel([20, 3], 1, { dropout: [0.5, 0.5] });
 */
export function buildLstmGruModel(
  inputShape: InputShape,
  outputUnits: number,
  overrides: LstmGruModelOverrides = {},
): Sequential {
  const { units = [64, 32], dropout: rates = [0.2, 0.2] } = overrides;
  const check = checkFor("buildLstmGruModel", overrides);
  check.inputShape(inputShape);
  check.perLayer("units", units, 2);
  check.perLayer("dropout", rates, 2);
  check.counts({ outputUnits, units });
  check.rates({ dropout: rates });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      lstm({
        units: units[0],
        returnSequences: true,
        inputShape: [...inputShape],
        seed: seed(),
      }),
      dropout({ rate: rates[0], seed: seed() }),
      gru({ units: units[1], seed: seed() }),
      dropout({ rate: rates[1], seed: seed() }),
      dense({ units: outputUnits, activation: "sigmoid", seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: rmsprop, loss: "binaryCrossentropy" }, overrides);
}
