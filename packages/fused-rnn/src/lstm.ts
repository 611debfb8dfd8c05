import {
  checkRecurrentOptions,
  type GatedOptions,
  type RecurrentInput,
  type RecurrentResult,
  type RecurrentWeights,
} from "./options.ts";
import { recurrent } from "./recurrent.ts";

/**
 * Long short-term memory over a whole sequence, as one operation.
 *
 *     i = σ(x·Wᵢ + h·Uᵢ + bᵢ)        input gate
 *     f = σ(x·W_f + h·U_f + b_f)     forget gate
 *     c̃ = tanh(x·W_c + h·U_c + b_c)  candidate
 *     o = σ(x·Wₒ + h·Uₒ + bₒ)        output gate
 *     c′ = f ⊙ c + i ⊙ c̃
 *     h′ = o ⊙ tanh(c′)
 *
 * The gates share one matrix in the order i, f, c, o: **kernel** [I, 4H], **recurrentKernel**
 * [H, 4H], **bias** [4H], Keras's own layout. x is [B, T, I], or `{ ids, table }` of a lookup; defaults are in
 * `RecurrentOptions`. Differentiable in x (or the table), the weights and the initial state, once (there is no
 * gradient of the gradient); on a backend without the engine, or with an activation that `RecurrentOptions` does not name
 * as fused (*gelu*, *silu*, *mish*...), it is composed of tfjs operations: the same numbers, slowly.
 *
 * Reference: Hochreiter & Schmidhuber 1997; https://keras.io/api/layers/recurrent_layers/lstm/
 *
 * @throws Error, before any work, for a tensor of another shape or type than stated here.
 * @example
 * const weights = { kernel, recurrentKernel, bias };
 * const { outputs, state: [h, c] } = lstm(x, weights, { returnSequences: false });
 */
export function lstm(
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: GatedOptions = {},
): RecurrentResult {
  checkRecurrentOptions("lstm", "lstm", options);
  return recurrent("lstm", "lstm", x, weights, options);
}
