// How Keras makes one number of the losses, or the metrics, of a batch under masks and weights.

import {
  any,
  cast,
  div,
  expandDims,
  mean,
  mul,
  notEqual,
  type Scalar,
  squeeze,
  sum,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";

/** What counts how much; absent: all the same. */
export interface Weighting {
  /** [B], [B, 1] or one for each value, as [B, T]. */
  sampleWeight?: Tensor | undefined;
  /** [B, T] of bool, as it came with the predictions. */
  mask?: Tensor | undefined;
}

/**
 * The loss of a batch, of **values** [B, ...]: as Keras's *sum_over_batch_size*
 *
 *     Σ w v / N      under weights w, N the number of values
 *     Σ m v / Σ m    under a mask m
 *     Σ m w v / Σ m  under both
 *
 * and 0 where a mask keeps nothing. What is masked may be NaN.
 *
 * @throws if the mask or the weights do not go with the values.
 */
export function batchLoss(who: string, values: Tensor, { sampleWeight, mask }: Weighting): Scalar {
  return tidy(() => {
    const weight = sampleWeight && along(who, "sampleWeight", sampleWeight, values);
    if (!mask || values.rank === 0) return mean(weight ? mul(values, weight) : values);
    const kept = maskAlong(who, mask, values);
    const chosen = where(cast(kept, "bool"), values, zerosLike(values));
    const total = sum(mul(weight ? mul(chosen, weight) : chosen, kept));
    // Of the values that a step stands for, where it stands for several.
    const count = mul(sum(kept), values.size / kept.size);
    return quotient(total, count);
  }) as Scalar;
}

/** The parts of a metric's mean over any number of batches: Σ and the count that it is divided by. */
export interface MeanParts {
  total: Scalar;
  count: Scalar;
}

/**
 * What a batch adds to a metric, as Keras's `Mean`: each example's mean over its steps, under a mask over
 * those that it keeps, weighted by how many that are.
 */
export function meanParts(who: string, values: Tensor, mask: Tensor): MeanParts {
  const numbers = cast(values, "float32");
  const kept = maskAlong(who, mask, numbers);
  const chosen = where(cast(kept, "bool"), numbers, zerosLike(numbers));
  const each = values.size / (values.shape[0] ?? 1);
  return {
    total: div(sum(chosen), each) as Scalar,
    count: div(mul(sum(kept), values.size / kept.size), each) as Scalar,
  };
}

/** a / b, and 0 where b is 0. */
export function quotient(a: Tensor, b: Tensor): Scalar {
  // Not a cast: on wasm what a cast to bool makes of 6 is still 6, and a gradient is multiplied by it.
  const some = notEqual(b, 0);
  return where(some, div(a, where(some, b, 1)), zerosLike(a)) as Scalar;
}

/** A mask as numbers that go with values: of axes that these have left, any. */
function maskAlong(who: string, mask: Tensor, values: Tensor): Tensor {
  const gone = mask.rank - values.rank;
  const kept = gone > 0 ? any(mask, [...mask.shape.keys()].slice(-gone)) : mask;
  return along(who, "the mask of the predictions", cast(kept, "float32"), values);
}

/** Axes of size 1 at the end, as many as values have more; those of a tensor that has more are taken off. */
function along(who: string, what: string, given: Tensor, values: Tensor): Tensor {
  let fitted = given;
  while (fitted.rank > Math.max(1, values.rank) && fitted.shape.at(-1) === 1) {
    fitted = squeeze(fitted, [-1 + fitted.rank]);
  }
  while (fitted.rank < values.rank) fitted = expandDims(fitted, -1);
  const fits =
    values.rank === 0 ||
    (fitted.rank === values.rank &&
      fitted.shape.every((n, i) => n === values.shape[i] || (i > 0 && n === 1)));
  if (fits) return fitted;
  const shape = (tensor: Tensor) => `[${tensor.shape.join(", ")}]`;
  throw new Error(
    `${who}: expected ${what} to go with losses of shape ${shape(values)}, got ${shape(given)}`,
  );
}
