import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { dense, dropout, lstm } from "../layers/layers.ts";
import { adam } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface LstmForecasterOverrides extends TrainingOverrides {
  /** Units of the two LSTM layers. Default [50, 50]. */
  units?: readonly [number, number];
  /** Dropout rates after each of them. Default [0.2, 0.2]. */
  dropout?: readonly [number, number];
}

/**
 * Predicts the next values of a series: LSTM 50 (relu, sequences) → Dropout 0.2 → LSTM 50 (relu) →
 * Dropout 0.2 → Dense. Adam, mean squared error.
 *
 * Input `[B, nTimesteps, nFeatures]`, output `[B, nPredictions]`. With relu the state is not bounded:
 * scale the series (`MinMaxScaler` of @rnnkit/preprocess), or losses may grow without end.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildLstmForecaster(24, 1, 1, { learningRate: 0.01 });
 */
export function buildLstmForecaster(
  nTimesteps: number,
  nFeatures: number,
  nPredictions: number,
  overrides: LstmForecasterOverrides = {},
): Sequential {
  const check = checkFor("buildLstmForecaster", overrides, ["units", "dropout"]);
  const { units = [50, 50], dropout: rates = [0.2, 0.2] } = overrides;
  check.perLayer("units", units, 2);
  check.perLayer("dropout", rates, 2);
  check.counts({ nTimesteps, nFeatures, nPredictions, units });
  check.rates({ dropout: rates });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      lstm({
        units: units[0],
        activation: "relu",
        returnSequences: true,
        inputShape: [nTimesteps, nFeatures],
        seed: seed(),
      }),
      dropout({ rate: rates[0], seed: seed() }),
      lstm({ units: units[1], activation: "relu", seed: seed() }),
      dropout({ rate: rates[1], seed: seed() }),
      dense({ units: nPredictions, seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: adam, loss: "meanSquaredError" }, overrides);
}
