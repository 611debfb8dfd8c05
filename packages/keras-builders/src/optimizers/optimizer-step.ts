// What Keras's optimizers share around their own update: the rate of this step, clipping, weight decay,
// and the tensors that they keep for each weight.

import { hasOwnSteps } from "@rnnkit/fused-rnn";
import {
  engine,
  mul,
  type NamedTensorMap,
  type Optimizer,
  sub,
  type Tensor,
  type TensorInfo,
  tidy,
  type Variable,
  variable,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { checking } from "../check.ts";
import {
  type ClippingOptions,
  checkClipping,
  clipping,
  clippingNames,
} from "./gradient-clipping.ts";
import { firstRate, giveRate, type LearningRate } from "./learning-rate.ts";

/** Options of every optimizer. */
export interface OptimizerOptions extends ClippingOptions {
  /** Step size, above 0: a number, a schedule or a function of the step. */
  learningRate?: LearningRate;
  /**
   * Shrinks every weight by this part of itself times the rate before its step, biases too. Default:
   * none.
   *
   *     w ← w - w λ η
   */
  weightDecay?: number;
}

/** @internal */
export const optimizerOptionNames = ["learningRate", "weightDecay", ...clippingNames] as const;

/**
 * Makes an optimizer of options that all have; **make** has its rate at the first step. The optimizer then
 * says them: `learningRate`, `learningRateSchedule`, `weightDecay`, `clipnorm`, `clipvalue`, `globalClipnorm`.
 *
 * @internal
 */
export function optimizerOf<O extends Optimizer>(
  who: string,
  { learningRate, weightDecay, clipnorm, clipvalue, globalClipnorm }: OptimizerOptions,
  defaultRate: number,
  make: (rate: number) => O,
): O {
  if (weightDecay !== undefined) checking(who).fromZero({ weightDecay });
  checkClipping(who, { clipnorm, clipvalue, globalClipnorm });
  const given = learningRate === undefined ? defaultRate : learningRate;
  const optimizer = make(firstRate(who, given));
  giveRate(who, optimizer, given);
  return Object.assign(optimizer, { weightDecay, clipnorm, clipvalue, globalClipnorm });
}

/** What tfjs hands to `applyGradients`. */
export type Gradients = NamedTensorMap | { name: string; tensor: Tensor }[];

/** A tensor that an optimizer keeps for a weight. */
export interface Slot {
  originalName: string;
  variable: Variable;
}

/** Whose each slot is; one of a saved state is that of the weight that finds it first. */
const owners = new WeakMap<Variable, Variable>();

/**
 * The slot that tfjs keeps for weight i, made as tfjs makes it, so that saved states agree.
 *
 * @throws for one that another weight has stepped with: tfjs goes by place, and would hand the means of one model's
 * weights, or of a layer that is frozen since, to another's.
 */
export function slotOf(slots: Slot[], i: number, value: Variable, name: string): Variable {
  slots[i] ??= {
    originalName: `${value.name}/${name}`,
    variable: tidy(() => variable(zerosLike(value), false)),
  };
  const slot = slots[i].variable;
  const owner = owners.get(slot) ?? value;
  if (owner !== value) {
    throw new Error(
      `optimizer: expected the weights that it began with, ${owner.name} for one, got ${value.name} in its place; another model, or one compiled again with other layers frozen, wants an optimizer of its own`,
    );
  }
  owners.set(slot, value);
  return slot;
}

/** A weight and its gradient, which is the backend's and belongs to nobody else: the step disposes it. */
export interface RawGradient {
  value: Variable;
  /** None: the weight stays as it is. */
  gradient: TensorInfo | undefined;
}

/** An optimizer that steps from gradients as they lie at the backend, with the numbers of `applyGradients`. */
export interface RawOptimizer extends Optimizer {
  applyRaw(gradients: readonly RawGradient[]): void;
}

/** What `applyRaw` does in the place of. */
const replaced = new WeakMap<object, Optimizer["applyGradients"]>();

/** Notes that a class's `applyRaw` is its `applyGradients`, of raw gradients. */
export function noteRaw({ prototype }: { prototype: RawOptimizer }): void {
  replaced.set(prototype.applyRaw, prototype.applyGradients);
}

/** Whether a step of an optimizer is its own update and nothing beside. */
export function stepsRaw(optimizer: Optimizer): optimizer is RawOptimizer {
  const { applyRaw } = optimizer as Partial<RawOptimizer>;
  if (!applyRaw || replaced.get(applyRaw) !== optimizer.applyGradients) return false;
  const { weightDecay, clipnorm, clipvalue, globalClipnorm } = optimizer as Optimizer &
    Omit<OptimizerOptions, "learningRate">;
  return !(weightDecay || clipnorm || clipvalue || globalClipnorm);
}

/**
 * Takes a step of gradients that are tensors by the optimizer's `applyRaw`, where the backend has that as kernels of
 * its own; false where it has not, and nothing is done.
 */
export function steppedRaw(optimizer: Optimizer, gradients: Gradients): boolean {
  if (!hasOwnSteps() || !stepsRaw(optimizer)) return false;
  const { backend, registeredVariables } = engine();
  const raw = entriesOf(gradients).map(({ name, tensor }): RawGradient => {
    // The step disposes its share of the numbers, and the caller its tensor.
    if (tensor != null) backend.incRef(tensor.dataId);
    return { value: registeredVariables[name]!, gradient: tensor ?? undefined };
  });
  try {
    optimizer.applyRaw(raw);
  } catch (error) {
    // Those that the step has taken are gone already.
    for (const { gradient } of raw) if (gradient) backend.disposeData(gradient.dataId);
    throw error;
  }
  return true;
}

function entriesOf(gradients: Gradients): { name: string; tensor: Tensor }[] {
  if (Array.isArray(gradients)) return gradients;
  return Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
}

/** The weights that take a step, each with its slots by place; those of the others are made too. */
export function stepped<Slots>(
  gradients: readonly RawGradient[],
  slotsOf: (value: Variable, place: number) => Slots,
): { value: Variable; gradient: TensorInfo; slots: Slots }[] {
  return gradients.flatMap(({ value, gradient }, i) => {
    const slots = slotsOf(value, i);
    return gradient ? [{ value, gradient, slots }] : [];
  });
}

/** An optimizer's own part of a step. */
export interface Update {
  /** The slots of the weight at this place. */
  slots(value: Variable, place: number): Variable[];
  /** The weight and its slots after the step, from **start**, the weight after its decay. */
  next(start: Tensor, gradient: Tensor, slots: Variable[]): Tensor[];
}

/**
 * One step of all weights: clips the gradients, lets the weights decay, then updates each with its slots,
 * as many as **next** returns. A weight without a gradient stays as it is.
 *
 * @internal
 */
export function takeStep(
  optimizer: Optimizer,
  gradients: Gradients,
  rate: number,
  { slots, next }: Update,
): void {
  const { weightDecay, clipnorm, clipvalue, globalClipnorm } = optimizer as Optimizer &
    Omit<OptimizerOptions, "learningRate">;
  const entries = entriesOf(gradients);
  tidy(() => {
    const all = entries.flatMap(({ tensor }) => tensor ?? []);
    const clip = clipping({ clipnorm, clipvalue, globalClipnorm }, all);
    const weights = entries.map(({ name }) => engine().registeredVariables[name]!);
    // All before the first step: they may be refused.
    const keptOf = weights.map((value, place) => slots(value, place));
    for (const [place, { tensor }] of entries.entries()) {
      const [value, kept] = [weights[place]!, keptOf[place]!];
      if (tensor == null) continue;
      tidy(() => {
        const start = weightDecay ? sub(value, mul(mul(value, weightDecay), rate)) : value;
        const [after, ...keptAfter] = next(start, clip(tensor), kept);
        for (const [i, each] of keptAfter.entries()) kept[i]!.assign(each);
        value.assign(after!);
      });
    }
  });
}
