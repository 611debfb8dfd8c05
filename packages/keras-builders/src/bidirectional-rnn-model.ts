import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "./check.ts";
import { bidirectional, dense, dropout, gru, lstm } from "./layers.ts";
import { sgd } from "./optimizers.ts";
import { seeds } from "./seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface BidirectionalRnnModelOverrides extends TrainingOverrides {
  /** Units of the LSTM and the GRU, in each direction. Default [64, 32]. */
  units?: readonly [number, number];
  /** Dropout rate between them. Default 0.2. */
  dropout?: number;
}

/**
 * Reads the sequence both ways: Bidirectional LSTM 64 (sequences) → Dropout 0.2 → Bidirectional GRU
 * 32 → Dense. SGD with momentum 0.9, mean absolute error.
 *
 * Input `[B, timesteps, features]`, output `[B, outputUnits]`.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildBidirectionalRnnModel([20, 3], 1, { optimizer: "adam" });
 */
export function buildBidirectionalRnnModel(
  inputShape: InputShape,
  outputUnits: number,
  overrides: BidirectionalRnnModelOverrides = {},
): Sequential {
  const { units = [64, 32], dropout: rate = 0.2 } = overrides;
  const check = checkFor("buildBidirectionalRnnModel", overrides);
  check.inputShape(inputShape);
  check.perLayer("units", units, 2);
  check.counts({ outputUnits, units });
  check.rates({ dropout: rate });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      bidirectional({
        layer: lstm({ units: units[0], returnSequences: true, seed: seed() }),
        inputShape: [...inputShape],
      }),
      dropout({ rate, seed: seed() }),
      bidirectional({ layer: gru({ units: units[1], seed: seed() }) }),
      dense({ units: outputUnits, seed: seed() }),
    ],
  });
  const optimizer = (options: object) => sgd({ momentum: 0.9, ...options });
  return compiled(model, { optimizer, loss: "meanAbsoluteError" }, overrides);
}
