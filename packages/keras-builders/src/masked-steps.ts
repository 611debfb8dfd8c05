// Masking: which steps of a sequence count, and what is left of the others.

import {
  any,
  customGrad,
  notEqual,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { detached } from "./carried-mask.ts";

/** Where not all features of a step are **maskValue**: [B, T] of [B, T, F]. */
export function stepsOtherThan(x: Tensor, maskValue: number): Tensor {
  return detached(() => tidy(() => any(notEqual(x, maskValue), -1)));
}

/**
 * **x** where **mask** keeps it, 0 elsewhere. Chosen, not multiplied, in both passes: what is masked may
 * be infinite, or its gradient NaN.
 */
export function keptOf(x: Tensor, mask: Tensor): Tensor {
  const chosen = (t: Tensor): Tensor => where(mask, t, zerosLike(t));
  return customGrad((given) => ({
    value: chosen(given as Tensor),
    gradFunc: (dy: Tensor) => chosen(dy),
  }))(x);
}
