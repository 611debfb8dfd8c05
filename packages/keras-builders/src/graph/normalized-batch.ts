// What Keras's BatchNormalization does in training: statistics of the steps that count, and of weights
// that are trained at all.

import {
  add,
  cast,
  div,
  expandDims,
  moments,
  mul,
  onesLike,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { LayerVariable, layers } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;

/** What tfjs-layers' BatchNormalization holds. */
interface Normalization {
  axis: number;
  momentum: number;
  epsilon: number;
  gamma?: LayerVariable;
  beta?: LayerVariable;
  movingMean: LayerVariable;
  movingVariance: LayerVariable;
}

/**
 * (x - mean) / √(variance + ε) · γ + β by the statistics of this batch, which move the layer's running
 * ones. tfjs-layers knows no mask, needs γ and β, and goes on with the statistics of a frozen layer.
 */
export function normalizedBatch(layer: Layer, x: Tensor, mask: Tensor | null | undefined): Tensor {
  return tidy(() => {
    const own = layer as unknown as Normalization;
    const { momentum, epsilon, gamma, beta, movingMean, movingVariance } = own;
    const axis = own.axis < 0 ? own.axis + x.rank : own.axis;
    const wide = x.shape.map((n, i) => (i === axis ? n : 1));
    const { mean, variance } = statistics(x, axis, mask);
    const move = (held: LayerVariable, now: Tensor): void => {
      const flat = reshape(now, held.shape as number[]);
      held.write(add(mul(held.read(), momentum), mul(flat, 1 - momentum)));
    };
    move(movingMean, mean);
    move(movingVariance, variance);
    const root = rsqrt(add(variance, epsilon));
    const scale = gamma ? mul(root, reshape(gamma.read(), wide)) : root;
    const shift = mul(mean, scale);
    const offset = beta ? sub(reshape(beta.read(), wide), shift) : mul(shift, -1);
    return add(mul(x, scale), offset);
  });
}

/** Keras's ε in the number of steps that count. */
const fewest = 1e-7;

function statistics(
  x: Tensor,
  axis: number,
  mask: Tensor | null | undefined,
): { mean: Tensor; variance: Tensor } {
  const others = x.shape.map((_, i) => i).filter((i) => i !== axis);
  if (!mask) return moments(x, others, true);
  const kept = where(expandDims(cast(mask, "bool"), -1), onesLike(x), zerosLike(x));
  const isKept = cast(kept, "bool");
  const among = (values: Tensor): Tensor =>
    div(
      sum(where(isKept, values, zerosLike(values)), others, true),
      add(sum(kept, others, true), fewest),
    );
  const mean = among(x);
  return { mean, variance: among(square(sub(x, mean))) };
}

/** Whether a layer's weights are trained: neither it nor a model that it is in is frozen. */
export function isTrained(layer: Layer): boolean {
  const { _trainableWeights: own } = layer as unknown as { _trainableWeights: LayerVariable[] };
  return layer.trainable && (own.length === 0 || own.some(({ trainable }) => trainable));
}
