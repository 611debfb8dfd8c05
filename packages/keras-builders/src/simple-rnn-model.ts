import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import type { InputShape } from "./check.ts";
import { dense, simpleRNN } from "./layers.ts";
import { adam } from "./optimizers.ts";
import { seeds } from "./seeds.ts";
import { checkFor, compiled, type TrainingOverrides } from "./training.ts";

export interface SimpleRnnModelOverrides extends TrainingOverrides {
  /** Units of the recurrent layer. Default 64. */
  units?: number;
}

/**
 * One Elman layer and a linear output: SimpleRNN 64 (tanh) → Dense. Adam, mean squared error.
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
  const { units = 64 } = overrides;
  const check = checkFor("buildSimpleRnnModel", overrides);
  check.inputShape(inputShape);
  check.counts({ outputUnits, units });

  const seed = seeds(overrides.seed);
  const model = sequential({
    layers: [
      simpleRNN({ units, activation: "tanh", inputShape: [...inputShape], seed: seed() }),
      dense({ units: outputUnits, seed: seed() }),
    ],
  });
  return compiled(model, { optimizer: adam, loss: "meanSquaredError" }, overrides);
}
