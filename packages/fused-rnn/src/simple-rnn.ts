import {
  checkRecurrentOptions,
  type RecurrentInput,
  type RecurrentOptions,
  type RecurrentResult,
  type RecurrentWeights,
} from "./options.ts";
import { recurrent } from "./recurrent.ts";

/**
 * The fully connected recurrence (Elman) over a whole sequence, as one operation.
 *
 *     h′ = tanh(x·W + h·U + b)
 *
 * **kernel** [I, H], **recurrentKernel** [H, H], **bias** [H]; x is [B, T, I], or `{ ids, table }`;
 * defaults are in `RecurrentOptions`. Differentiable as `lstm` is.
 *
 * Reference: Elman 1990; https://keras.io/api/layers/recurrent_layers/simple_rnn/
 *
 * @throws Error, before any work, for a tensor of another shape or type than stated here.
 * @example
 * const { outputs, state: [h] } = simpleRnn(x, { kernel, recurrentKernel }, { activation: "relu" });
 */
export function simpleRnn(
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): RecurrentResult {
  checkRecurrentOptions("simpleRnn", "simpleRnn", options);
  return recurrent("simpleRnn", "simpleRnn", x, weights, options);
}
