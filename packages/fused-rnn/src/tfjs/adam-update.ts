import { add, divNoNan, maximum, mul, sqrt, square, sub, type Tensor } from "@tensorflow/tfjs-core";
import {
  flushed,
  leastSquared,
  type OptimizerUpdate,
  runUpdate,
  type WeightTensors,
} from "./optimizer-kernels.ts";
import { type SteppedWeight, stepWeights } from "./weight-steps.ts";

/** Numbers of an Adam update. */
export interface AdamHyperparameters {
  /** η √(1 - β₂ᵗ) / (1 - β₁ᵗ), t the number of this step from 1. */
  stepSize: number;
  beta1: number;
  beta2: number;
  /** Added to √v. */
  epsilon: number;
}

/** Moments of an Adam update; **vHat** is AMSGrad's. */
export type AdamSlot = "m" | "v" | "vHat";

const adam: OptimizerUpdate<AdamSlot, AdamHyperparameters> = {
  kernelName: "AdamUpdate",
  numbers: ["stepSize", "beta1", "beta2", "epsilon"],
  slots: ["m", "v", "vHat"],
  needed: 2,
  run({ stepSize, beta1, beta2, epsilon }, { value: w, gradient: g, m, v, vHat }, results) {
    const { value: newW, m: newM, v: newV, vHat: newHat } = results;
    const least = leastSquared(1 - beta2);
    for (let i = 0; i < w.length; i++) {
      const gradient = flushed(g[i], least);
      const [m0, v0] = [flushed(m![i]), flushed(v![i])];
      const first = m0 + (1 - beta1) * (gradient - m0);
      const second = v0 + (1 - beta2) * (gradient * gradient - v0);
      newM![i] = first;
      newV![i] = second;
      let largest = second;
      if (vHat) {
        largest = Math.max(flushed(vHat[i]), second);
        newHat![i] = largest;
      }
      // No moment is no step, even where v and ε are 0.
      const step = first === 0 ? 0 : (stepSize * first) / (Math.sqrt(largest) + epsilon);
      newW[i] = w[i] - step;
    }
  },
  runInPlace(kernels, { stepSize, beta1, beta2, epsilon }, n, given, results) {
    const { value, gradient, m, v, vHat = 0 } = given;
    kernels.adam(
      n,
      ...[value, gradient, m!, v!, vHat],
      ...[results.value, results.m!, results.v!, results.vHat ?? 0],
      ...[stepSize, 1 - beta1, 1 - beta2, epsilon],
    );
  },
  compose({ stepSize, beta1, beta2, epsilon }, { value, gradient, m, v, vHat }) {
    const first = add(m!, mul(sub(gradient, m!), 1 - beta1));
    const second = add(v!, mul(sub(square(gradient), v!), 1 - beta2));
    const largest = vHat && maximum(vHat, second);
    const step = divNoNan(mul(first, stepSize), add(sqrt(largest ?? second), epsilon));
    const results = { value: sub(value, step), m: first, v: second };
    return largest ? { ...results, vHat: largest } : results;
  },
};

/**
 * One Adam step of one weight, as one kernel, Keras's ε outside the bias correction.
 *
 *     m ← m + (1 - β₁)(g - m)     v ← v + (1 - β₂)(g² - v)
 *     w ← w - stepSize · m / (√v + ε)
 *
 * With **vHat**, AMSGrad's v̂: v̂ ← max(v̂, v), which takes v's place under the root. All tensors have
 * the weight's shape. An m, v or v̂ below 2⁻¹¹⁵ counts as 0, and so does a gradient whose (1 - β₂) g² is
 * below it. Returns the new weight, m, v and, if given, vHat; those passed in are not changed. On backends
 * that the engine does not serve it is composed of tfjs operations, and nothing but 0 counts as 0.
 *
 * References: https://keras.io/api/optimizers/adam/; Reddi et al. 2018
 *
 * @example
 * const [w, m2, v2] = adamUpdate({ value, gradient, m, v }, { stepSize, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
 */
export function adamUpdate(
  weight: WeightTensors<AdamSlot> & { m: Tensor; v: Tensor },
  numbers: AdamHyperparameters,
): Tensor[] {
  return runUpdate(adam, weight, numbers);
}

/**
 * One step of every weight of a model by the equations of `adamUpdate`, on gradients of `runChain`, which it disposes.
 * A weight is assigned a new tensor; of what the optimizer keeps the numbers are replaced where nobody else has them.
 *
 * @example
 * adamSteps([{ value, gradient: run.gradients(dy).get(value), slots }], numbers);
 */
export function adamSteps(
  weights: readonly SteppedWeight<AdamSlot>[],
  numbers: AdamHyperparameters,
): void {
  stepWeights(adam, weights, numbers);
}
