import {
  add,
  clipByValue,
  div,
  maximum,
  minimum,
  mul,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { checking } from "../check.ts";

/** How gradients are made smaller before a step; at most one of the three. */
export interface ClippingOptions {
  /**
   * Scales each weight's gradient down to at most this Euclidean norm, weight by weight. Default: no
   * limit.
   *
   *     g ← g · c / max(‖g‖, c)
   */
  clipnorm?: number;
  /** Cuts every element of every gradient to ±**clipvalue**. Default: no limit. */
  clipvalue?: number;
  /** As **clipnorm**, where ‖g‖ is the norm of all gradients together. Default: no limit. */
  globalClipnorm?: number;
}

/** @internal */
export const clippingNames = ["clipnorm", "clipvalue", "globalClipnorm"] as const;

/**
 * Throws unless at most one of the three is given, above 0, as Keras does.
 *
 * @internal
 */
export function checkClipping(who: string, options: ClippingOptions): void {
  const { clipnorm, clipvalue, globalClipnorm } = options;
  checking(who).positive({ clipnorm, clipvalue, globalClipnorm });
  const given = clippingNames.filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new Error(
      `${who}: expected one of clipnorm, clipvalue and globalClipnorm, got ${given.join(" and ")}`,
    );
  }
}

/**
 * What clips one gradient, where **gradients** are those of all weights. It runs in a tidy of its caller.
 *
 * @internal
 */
export function clipping(
  { clipnorm, clipvalue, globalClipnorm }: ClippingOptions,
  gradients: readonly Tensor[],
): (gradient: Tensor) => Tensor {
  if (clipnorm !== undefined) {
    return (g) => div(mul(g, clipnorm), maximum(sqrt(squaredNorm(g)), clipnorm));
  }
  if (clipvalue !== undefined) return (g) => clipByValue(g, -clipvalue, clipvalue);
  if (globalClipnorm === undefined || gradients.length === 0) return (g) => g;
  const norm = sqrt(sum(stack(gradients.map(squaredNorm))));
  const scale = mul(globalClipnorm, minimum(div(1, norm), 1 / globalClipnorm));
  // A norm that is not finite makes all NaN.
  const checked = add(scale, sub(norm, norm));
  return (g) => mul(g, checked);
}

/** Row by row first: a long sum one by one loses digits. */
function squaredNorm(g: Tensor): Tensor {
  return sum(g.rank > 1 ? sum(square(g), -1) : square(g));
}
