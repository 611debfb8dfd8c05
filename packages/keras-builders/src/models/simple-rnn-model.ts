import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "../check.ts";
import { dense, dropout, simpleRNN } from "../layers/layers.ts";
import { adam } from "../optimizers/optimizers.ts";
import { seeds } from "../seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface SimpleRnnModelOverrides extends TrainingOverrides {
  /** Units of the two recurrent layers. Default [64, 32]. */
  units?: readonly [number, number];
  /** Dropout rate between them. Default 0.2. */
  dropout?: number;
}

/**
 * Two Elman layers and a linear output: SimpleRNN 64 (tanh, sequences) → Dropout 0.2 → SimpleRNN 32
 * (tanh) → Dense. Adam, mean squared error.
 *
 * Input `[B, timesteps, features]`, output `[B, outputUnits]`.
 *
 * @throws if an argument is not what it says, before anything is made.
 * @example
 * const model = buildSimpleRnnModel([10, 1], 1);
 * await model.fit(x, y, { epochs: 5 });
 */
export function buildSimpleRnnModel(
  inputShape: InputShape,
  outputUnits: number,
  overrides: SimpleRnnModelOverrides = {},
): Sequential {
  const check = checkFor("buildSimpleRnnModel", overrides, ["units", "dropout"]);
  const { units = [64, 32], dropout: rate = 0.2 } = overrides;
  check.inputShape(inputShape);
  check.perLayer("units", units, 2);
  check.counts({ outputUnits, units });
  check.rates({ dropout: rate });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      simpleRNN({
        units: units[0],
        returnSequences: true,
        inputShape: [...inputShape],
        seed: seed(),
      }),
      dropout({ rate, seed: seed() }),
      simpleRNN({ units: units[1], seed: seed() }),
      dense({ units: outputUnits, seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: adam, loss: "meanSquaredError" }, overrides);
}
