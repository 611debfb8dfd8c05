import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { dense, lstm } from "../layers/layers.ts";
import { adam } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface StockForecasterOverrides extends TrainingOverrides {
  /** Units of the LSTM. Default 50. */
  units?: number;
}

/**
 * Predicts the next price from the last ones: LSTM 50 → Dense 1. Adam, mean squared error.
 *
 * Input `[B, seqLength, 1]`, output `[B, 1]`.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildStockForecaster(60);
 */
export function buildStockForecaster(
  seqLength: number,
  overrides: StockForecasterOverrides = {},
): Sequential {
  const check = checkFor("buildStockForecaster", overrides, ["units"]);
  const { units = 50 } = overrides;
  check.counts({ seqLength, units });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      lstm({ units, inputShape: [seqLength, 1], seed: seed() }),
      dense({ units: 1, seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: adam, loss: "meanSquaredError" }, overrides);
}
