// Keras's losses of which tfjs-layers has other numbers, or none.

import {
  abs,
  add,
  all,
  backend,
  cast,
  clipByValue,
  div,
  equal,
  log,
  logicalOr,
  maximum,
  mean,
  minimum,
  mul,
  oneHot,
  reshape,
  rsqrt,
  softplus,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  where,
} from "@tensorflow/tfjs-core";
import { metrics as stock } from "@tensorflow/tfjs-layers";
import { bentUp, largest, size } from "../bends.ts";

/** A loss or metric: from targets and predictions [.., n] to the numbers whose mean it is, [..]. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** What Keras keeps off 0 and 1 before it takes a logarithm or divides: *1e-7* in float32. */
const epsilon = (): number => backend().epsilon();

/** 0 and 1 as -1 and 1, where the targets are nothing else. */
function signs(yTrue: Tensor): Tensor {
  const y = cast(yTrue, "float32");
  const areBinary = all(logicalOr(equal(y, 0), equal(y, 1)));
  return where(areBinary, sub(mul(y, 2), 1), y);
}

/** max(0, 1 - y·p) */
const short = (yTrue: Tensor, yPred: Tensor): Tensor => bentUp(sub(1, mul(signs(yTrue), yPred)));

function unit(x: Tensor): Tensor {
  const squares = maximum(sum(square(x), -1, true), epsilon() ** 2);
  return mul(x, rsqrt(squares));
}

/** cos of the angle, Σ û·v̂: what Keras reports as a metric; its loss is the negative. */
const cosine: LossFunction = (yTrue, yPred) => sum(mul(unit(yTrue), unit(yPred)), -1);

/** How far the nearest wrong class is from being 1 below the right one. */
const categoricalHinge: LossFunction = (yTrue, yPred) => {
  const positive = sum(mul(yTrue, yPred), -1);
  const negative = squeeze(largest(mul(sub(1, yTrue), yPred), -1), [-1]);
  return bentUp(add(sub(negative, positive), 1));
};

type KerasLoss =
  | "meanAbsoluteError"
  | "meanAbsolutePercentageError"
  | "categoricalHinge"
  | "hinge"
  | "squaredHinge"
  | "kullbackLeiblerDivergence"
  | "cosineProximity"
  | "sparseCategoricalCrossentropy"
  | "huber";

/**
 * By tfjs's name, Keras's where it has none. Where they differ from tfjs-layers':
 *
 * **meanAbsoluteError**, **meanAbsolutePercentageError**: the gradient of no error is 0, not that of one above.
 * **hinge**, **squaredHinge**: targets that are all 0 or 1 are taken as -1 and 1.
 * **categoricalHinge**: of wrong classes that are equally near each has its part of the gradient.
 * **kullbackLeiblerDivergence**: targets are clipped to [1e-7, 1] like predictions.
 * **cosineProximity**: vectors shorter than √1e-7 still are given length 1.
 * **sparseCategoricalCrossentropy**: -log(p_target / Σ p) of predictions p clipped to [1e-7, 1 - 1e-7], as
 * Keras on TensorFlow. tfjs-layers clips the quotient once more, and Keras on JAX divides by the sum
 * first and clips then: all the same for probabilities, and not for other numbers.
 *
 * Reference: https://keras.io/api/losses/
 */
export const kerasLosses: Readonly<Record<KerasLoss, LossFunction>> = {
  meanAbsoluteError: (yTrue, yPred) => mean(size(sub(yPred, yTrue)), -1),
  meanAbsolutePercentageError: (yTrue, yPred) => {
    const whole = maximum(abs(yTrue), epsilon());
    return mul(mean(size(div(sub(yTrue, yPred), whole)), -1), 100);
  },
  hinge: (yTrue, yPred) => mean(short(yTrue, yPred), -1),
  squaredHinge: (yTrue, yPred) => mean(square(short(yTrue, yPred)), -1),
  categoricalHinge,
  kullbackLeiblerDivergence: (yTrue, yPred) => {
    const y = clipByValue(yTrue, epsilon(), 1);
    return sum(mul(y, log(div(y, clipByValue(yPred, epsilon(), 1)))), -1);
  },
  cosineProximity: (yTrue, yPred) => mul(cosine(yTrue, yPred), -1),
  sparseCategoricalCrossentropy: (yTrue, yPred) => {
    const shape = yPred.shape.slice(0, -1);
    const classes = oneHot(reshape(cast(yTrue, "int32"), shape), yPred.shape.at(-1)!);
    const clipped = clipByValue(yPred, epsilon(), 1 - epsilon());
    const target = sum(mul(clipped, cast(classes, "float32")), -1);
    return sub(log(sum(clipped, -1)), log(target));
  },
  huber: (yTrue, yPred) => {
    // e²/2 up to 1, |e| - 1/2 from there.
    const error = abs(sub(yPred, yTrue));
    const bent = minimum(error, 1);
    return mean(add(mul(square(bent), 0.5), sub(error, bent)), -1);
  },
};

type KerasMetric =
  | "msle"
  | "cosineSimilarity"
  | "logCoshError"
  | "klDivergence"
  | "poisson"
  | "hinge"
  | "squaredHinge"
  | "categoricalHinge"
  | "sparseCategoricalCrossentropy"
  | "binaryCrossentropy"
  | "sparseCategoricalAccuracy";

/** Keras's metrics that are a mean and that tfjs-layers does not have by name, or with another number. */
export const kerasMetrics: Readonly<Record<KerasMetric, LossFunction>> = {
  msle: (yTrue, yPred) => {
    const scaled = (x: Tensor) => log(add(maximum(x, epsilon()), 1));
    return mean(square(sub(scaled(yPred), scaled(yTrue))), -1);
  },
  cosineSimilarity: cosine,
  logCoshError: (yTrue, yPred) => {
    const error = sub(yPred, yTrue);
    return mean(sub(add(error, softplus(mul(error, -2))), Math.LN2), -1);
  },
  klDivergence: kerasLosses.kullbackLeiblerDivergence,
  poisson: (yTrue, yPred) => mean(sub(yPred, mul(yTrue, log(add(yPred, epsilon())))), -1),
  hinge: kerasLosses.hinge,
  squaredHinge: kerasLosses.squaredHinge,
  categoricalHinge,
  sparseCategoricalCrossentropy: kerasLosses.sparseCategoricalCrossentropy,
  binaryCrossentropy: stock.binaryCrossentropy,
  sparseCategoricalAccuracy: stock.sparseCategoricalAccuracy,
};
