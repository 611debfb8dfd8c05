import { checkFlag } from "./check.ts";
import {
  checkRecurrentOptions,
  type GatedOptions,
  type RecurrentInput,
  type RecurrentResult,
  type RecurrentWeights,
} from "./options.ts";
import { recurrent } from "./recurrent.ts";

/** Options of `gru`. */
export interface GruOptions extends GatedOptions {
  /**
   * *true* (default, as in Keras): the reset gate multiplies h·U, and the bias is [2, 3H], row 0 of
   * the input, row 1 recurrent. *false*: it multiplies h before U, and the bias is [3H].
   */
  resetAfter?: boolean | undefined;
}

/**
 * Gated recurrent unit over a whole sequence, as one operation.
 *
 *     z = σ(x·W_z + h·U_z + b_z)              update gate
 *     r = σ(x·W_r + h·U_r + b_r)              reset gate
 *     h̃ = tanh(x·W_h + b_h + r ⊙ (h·U_h + b′_h))   candidate, reset after
 *     h̃ = tanh(x·W_h + (r ⊙ h)·U_h + b_h)          candidate, reset before
 *     h′ = z ⊙ h + (1 − z) ⊙ h̃
 *
 * The gates share one matrix in the order z, r, h: **kernel** [I, 3H], **recurrentKernel** [H, 3H].
 * x is [B, T, I], or `{ ids, table }`; defaults are in `GruOptions` and `RecurrentOptions`. Differentiable as `lstm`
 * is.
 *
 * Reference: Cho et al. 2014; https://keras.io/api/layers/recurrent_layers/gru/
 *
 * @throws Error, before any work, for a tensor of another shape or type than stated here.
 * @example
 * const { outputs } = gru(x, { kernel, recurrentKernel, bias }, { mask });
 */
export function gru(
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: GruOptions = {},
): RecurrentResult {
  checkRecurrentOptions("gru", "gru", options);
  const { resetAfter = true, ...rest } = options;
  checkFlag("gru", "resetAfter", resetAfter);
  return recurrent("gru", resetAfter ? "gruAfter" : "gruBefore", x, weights, rest);
}
