import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "../check.ts";
import { bidirectional, dense, gru, lstm } from "../layers/layers.ts";
import { adam } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface BidirectionalRnnModelOverrides extends TrainingOverrides {
  /** Units of the LSTM and the GRU, in each direction. Default [64, 32]. */
  units?: readonly [number, number];
}

/**
 * Reads the sequence both ways: Bidirectional LSTM 64 (sequences) → Bidirectional GRU 32 → Dense.
 * Adam, mean squared error.
 *
 * Input `[B, timesteps, features]`, output `[B, outputUnits]`.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildBidirectionalRnnModel([20, 3], 1, { units: [32, 16] });
 */
export function buildBidirectionalRnnModel(
  inputShape: InputShape,
  outputUnits: number,
  overrides: BidirectionalRnnModelOverrides = {},
): Sequential {
  const check = checkFor("buildBidirectionalRnnModel", overrides, ["units"]);
  const { units = [64, 32] } = overrides;
  check.inputShape(inputShape);
  check.perLayer("units", units, 2);
  check.counts({ outputUnits, units });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      bidirectional({
        layer: lstm({ units: units[0], returnSequences: true, seed: seed() }),
        inputShape: [...inputShape],
      }),
      bidirectional({ layer: gru({ units: units[1], seed: seed() }) }),
      dense({ units: outputUnits, seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: adam, loss: "meanSquaredError" }, overrides);
}
