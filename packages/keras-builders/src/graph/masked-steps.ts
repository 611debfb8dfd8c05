// Masking: which steps of a sequence count, and what is left of the others.

import {
  any,
  customGrad,
  type GradSaveFunc,
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
 * be infinite, or its gradient NaN. The mask may be gone before the backward pass.
 */
export function keptOf(x: Tensor, mask: Tensor): Tensor {
  const chosen = (t: Tensor, kept: Tensor): Tensor => where(kept, t, zerosLike(t));
  return customGrad((given, save) => {
    (save as GradSaveFunc)([mask]);
    return {
      value: chosen(given as Tensor, mask),
      gradFunc: (dy: Tensor, [kept]: Tensor[]) => chosen(dy, kept),
    };
  })(x);
}
