// Masking: which steps of a sequence count, and what is left of the others.

import { any, notEqual, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { detached } from "./carried-mask.ts";

/** Where not all features of a step are **maskValue**: [B, T] of [B, T, F]. */
export function stepsOtherThan(x: Tensor, maskValue: number): Tensor {
  return detached(() => tidy(() => any(notEqual(x, maskValue), -1)));
}
