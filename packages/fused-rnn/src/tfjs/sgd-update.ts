import { add, mul, sub, type Tensor } from "@tensorflow/tfjs-core";
import { type OptimizerUpdate, runUpdate, type WeightTensors } from "./optimizer-kernels.ts";
import { type SteppedWeight, stepWeights } from "./weight-steps.ts";

/** Numbers of a step of gradient descent. */
export interface SgdHyperparameters {
  learningRate: number;
  /** Part of the last step that is repeated. */
  momentum: number;
  /** 1 where the step looks ahead along the momentum, else 0. */
  nesterov: number;
}

/** What an SGD update keeps beside a weight. */
export type SgdSlot = "moment";

const sgd: OptimizerUpdate<SgdSlot, SgdHyperparameters> = {
  kernelName: "SgdUpdate",
  numbers: ["learningRate", "momentum", "nesterov"],
  slots: ["moment"],
  needed: 0,
  compose({ learningRate, momentum, nesterov }, { value, gradient, moment }) {
    const push = mul(gradient, learningRate);
    if (!moment) return { value: sub(value, push) };
    const moved = sub(mul(moment, momentum), push);
    const step = nesterov ? sub(mul(moved, momentum), push) : moved;
    return { value: add(value, step), moment: moved };
  },
};

/**
 * One step of gradient descent of one weight.
 *
 *     s ← μ s - η g     w ← w + s     (Nesterov: w ← w + μ s - η g)
 *
 * Without **moment** s, the momentum μ counts as 0. All tensors have the weight's shape. Returns the new weight and,
 * where given, moment; the tensors passed in are not changed. One kernel where `registerWebGPUKernels` has put it;
 * composed of two to six tfjs operations elsewhere.
 *
 * Reference: https://keras.io/api/optimizers/sgd/
 *
 * @throws for a tensor that is missing, disposed or of another shape, and a number that is missing
 * @example
 * const [w] = sgdUpdate({ value, gradient }, { learningRate: 0.01, momentum: 0, nesterov: 0 });
 */
export function sgdUpdate(weight: WeightTensors<SgdSlot>, numbers: SgdHyperparameters): Tensor[] {
  return runUpdate(sgd, weight, numbers);
}

/**
 * One step of every weight of a model by the equations of `sgdUpdate`, on gradients that belong to nobody else, which
 * it disposes. A weight is assigned a new tensor; a moment's numbers are replaced.
 *
 * @example
 * sgdSteps([{ value, gradient, slots: {} }], numbers);
 */
export function sgdSteps(
  weights: readonly SteppedWeight<SgdSlot>[],
  numbers: SgdHyperparameters,
): void {
  stepWeights(sgd, weights, numbers);
}
