import { add, divNoNan, mul, sqrt, square, sub, type Tensor } from "@tensorflow/tfjs-core";
import {
  flushed,
  leastSquared,
  type OptimizerUpdate,
  runUpdate,
  type WeightTensors,
} from "./optimizer-kernels.ts";
import { type SteppedWeight, stepWeights } from "./weight-steps.ts";

/** Numbers of an RMSprop update. */
export interface RmspropHyperparameters {
  learningRate: number;
  /** Decay of the means. */
  rho: number;
  /** Part of the last step that is repeated. */
  momentum: number;
  /** Added inside the root. */
  epsilon: number;
}

/** What an RMSprop update keeps beside a weight; **meanGradient** where it is centered. */
export type RmspropSlot = "meanSquare" | "moment" | "meanGradient";

const rmsprop: OptimizerUpdate<RmspropSlot, RmspropHyperparameters> = {
  kernelName: "RmspropUpdate",
  numbers: ["learningRate", "rho", "momentum", "epsilon"],
  slots: ["meanSquare", "moment", "meanGradient"],
  needed: 1,
  run(numbers, { value: w, gradient: g, meanSquare: v, moment: s, meanGradient: a }, results) {
    const { learningRate, rho, momentum, epsilon } = numbers;
    const { value: newW, meanSquare: newV, moment: newS, meanGradient: newA } = results;
    const rest = 1 - rho;
    const least = leastSquared(rest);
    for (let i = 0; i < w.length; i++) {
      const gradient = flushed(g[i], least);
      const square = rho * flushed(v![i]) + rest * gradient * gradient;
      newV![i] = square;
      let spread = square;
      if (a) {
        const mean = rho * flushed(a[i]) + rest * gradient;
        newA![i] = mean;
        spread = square - mean * mean;
      }
      // No gradient is no step, even where v and ε are 0.
      let step = gradient === 0 ? 0 : (learningRate * gradient) / Math.sqrt(spread + epsilon);
      if (s) {
        step += momentum * flushed(s[i]);
        newS![i] = step;
      }
      newW[i] = w[i] - step;
    }
  },
  runInPlace(kernels, { learningRate, rho, momentum, epsilon }, n, given, results) {
    const { value, gradient, meanSquare, moment = 0, meanGradient = 0 } = given;
    kernels.rmsprop(
      n,
      ...[value, gradient, meanSquare!, moment, meanGradient],
      ...[results.value, results.meanSquare!, results.moment ?? 0, results.meanGradient ?? 0],
      ...[learningRate, rho, 1 - rho, momentum, epsilon],
    );
  },
  compose({ learningRate, rho, momentum, epsilon }, weight) {
    const { value, gradient, meanSquare, moment, meanGradient } = weight;
    const decayed = (mean: Tensor, next: Tensor) => add(mul(mean, rho), mul(next, 1 - rho));
    const squares = decayed(meanSquare!, square(gradient));
    const mean = meanGradient && decayed(meanGradient, gradient);
    const spread = mean ? sub(squares, square(mean)) : squares;
    const step = divNoNan(mul(gradient, learningRate), sqrt(add(spread, epsilon)));
    const moved = moment && add(mul(moment, momentum), step);
    return {
      ...{ value: sub(value, moved ?? step), meanSquare: squares },
      ...(moved && { moment: moved }),
      ...(mean && { meanGradient: mean }),
    };
  },
};

/**
 * One RMSprop step of one weight, as one kernel.
 *
 *     v ← ρ v + (1 - ρ) g²     s ← μ s + η g / √(v + ε)     w ← w - s
 *
 * With **meanGradient** a, centered: a ← ρ a + (1 - ρ) g, and v - a² takes v's place under the root.
 * Without **moment** the momentum μ counts as 0. All tensors have the weight's shape. A mean or moment
 * below 2⁻¹¹⁵ counts as 0, and so does a gradient whose (1 - ρ) g² is below it. Returns the new weight,
 * mean square and, where given, moment and mean gradient; the tensors passed in are not changed. On
 * backends that the engine does not serve it is composed of tfjs operations, and nothing but 0 counts as 0.
 *
 * Reference: https://keras.io/api/optimizers/rmsprop/
 *
 * @example
 * const [w, v] = rmspropUpdate({ value, gradient, meanSquare }, { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7 });
 */
export function rmspropUpdate(
  weight: WeightTensors<RmspropSlot> & { meanSquare: Tensor },
  numbers: RmspropHyperparameters,
): Tensor[] {
  return runUpdate(rmsprop, weight, numbers);
}

/**
 * One step of every weight of a model by the equations of `rmspropUpdate`, on gradients of `runChain`, which it disposes.
 * A weight is assigned a new tensor; of what the optimizer keeps the numbers are replaced where nobody else has them.
 *
 * @example
 * rmspropSteps([{ value, gradient: run.gradients(dy).get(value), slots }], numbers);
 */
export function rmspropSteps(
  weights: readonly SteppedWeight<RmspropSlot>[],
  numbers: RmspropHyperparameters,
): void {
  stepWeights(rmsprop, weights, numbers);
}
