import { checkOptions } from "@rnnkit/core-rnn";
import { type SgdHyperparameters, sgdSteps, sgdUpdate } from "@rnnkit/fused-rnn";
import {
  dispose,
  keep,
  MomentumOptimizer,
  mul,
  SGDOptimizer,
  type Tensor,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { checking } from "../check.ts";
import {
  type Gradients,
  noteRaw,
  type OptimizerOptions,
  optimizerOf,
  optimizerOptionNames,
  type RawGradient,
  type Slot,
  slotOf,
  stepped,
  steppedRaw,
  takeStep,
} from "./optimizer-step.ts";

/** Options of `sgd`; **learningRate** is *0.01* by default. */
export interface SgdOptions extends OptimizerOptions {
  /** Part of the last step that is repeated, from 0 to 1. Default 0. */
  momentum?: number;
  /** Looks ahead along the momentum. Default false. */
  nesterov?: boolean;
}

class KerasSgd extends SGDOptimizer {
  readonly kerasClassName = "SGD";

  static {
    noteRaw(KerasSgd);
  }

  #numbers(): SgdHyperparameters {
    return { learningRate: Math.fround(this.learningRate), momentum: 0, nesterov: 0 };
  }

  /** One step without clipping and decay. */
  applyRaw(gradients: readonly RawGradient[]): void {
    sgdSteps(
      stepped(gradients, () => ({})),
      this.#numbers(),
    );
    this.incrementIterations();
  }

  override applyGradients(gradients: Gradients): void {
    if (steppedRaw(this, gradients)) return;
    const numbers = this.#numbers();
    takeStep(this, gradients, numbers.learningRate, {
      slots: () => [],
      next: (value, gradient) => sgdUpdate({ value, gradient }, numbers),
    });
    this.incrementIterations();
  }
}

class KerasMomentum extends MomentumOptimizer {
  readonly kerasClassName = "SGD";
  /**
   * Keras's momentum, -η times what tfjs keeps as `accumulations`: the rate of each step is in it, as it
   * was in that step.
   */
  momentums: Slot[] = [];
  /** What `getWeights` gave last. */
  #told: Tensor[] = [];

  static {
    noteRaw(KerasMomentum);
  }

  constructor(learningRate: number, momentum: number, nesterov: boolean) {
    super(learningRate, momentum, nesterov);
    // Made by MomentumOptimizer as a tensor that a tidy around it would free.
    keep((this as unknown as { m: Tensor }).m);
  }

  #numbers(): SgdHyperparameters {
    const { momentum, useNesterov } = this as unknown as { momentum: number; useNesterov: boolean };
    const learningRate = Math.fround(this.learningRate);
    return { learningRate, momentum, nesterov: useNesterov ? 1 : 0 };
  }

  #slot(value: Variable, i: number): Variable {
    return slotOf(this.momentums, i, value, "momentum");
  }

  /** One step without clipping and decay. */
  applyRaw(gradients: readonly RawGradient[]): void {
    const weights = stepped(gradients, (value, i) => ({ moment: this.#slot(value, i) }));
    sgdSteps(weights, this.#numbers());
    this.incrementIterations();
  }

  override applyGradients(gradients: Gradients): void {
    if (steppedRaw(this, gradients)) return;
    const numbers = this.#numbers();
    takeStep(this, gradients, numbers.learningRate, {
      slots: (value, i) => [this.#slot(value, i)],
      next: (value, gradient, [moment]) => sgdUpdate({ value, gradient, moment }, numbers),
    });
    this.incrementIterations();
  }

  override async getWeights(): Promise<{ name: string; tensor: Tensor }[]> {
    const rate = this.learningRate;
    dispose(this.#told);
    // A rate of 0 has forgotten it in tfjs's words.
    const factor = rate === 0 ? 0 : -1 / rate;
    this.#told = this.momentums.map(({ variable }) => keep(mul(variable, factor)));
    const named = this.momentums.map(({ originalName }, i) => ({
      name: originalName,
      tensor: this.#told[i]!,
    }));
    return [await this.saveIterations(), ...named];
  }

  override async setWeights(weights: { name: string; tensor: Tensor }[]): Promise<void> {
    const momentums = await this.extractIterations(weights);
    const rate = this.learningRate;
    dispose(this.momentums.map((slot) => slot.variable));
    this.momentums = momentums.map(({ name, tensor }) => ({
      originalName: name,
      variable: tidy(() => variable(mul(tensor, -rate), false)),
    }));
  }

  override dispose(): void {
    super.dispose();
    // Made by SGDOptimizer's constructor, forgotten by MomentumOptimizer's dispose.
    this.c.dispose();
    dispose(this.momentums.map((slot) => slot.variable));
    dispose(this.#told);
  }
}

/**
 * Gradient descent with Keras 3's numbers.
 *
 *     s ← μ s - η g     w ← w + s     (Nesterov: w ← w + μ s - η g)
 *
 * A model that tfjs saves names it `SGD`, with a momentum `Momentum`, with its numbers (the rate that of the
 * next step) and -s/η, without decay and clipping, and is loaded with tfjs's own. `.keras` files hold all of
 * it.
 *
 * Reference: https://keras.io/api/optimizers/sgd/
 *
 * @throws for names that it does not know, numbers out of range, and two ways of clipping.
 * @example
 * model.compile({ optimizer: sgd({ momentum: 0.9 }), loss: "meanAbsoluteError" });
 */
export function sgd(options: SgdOptions = {}): SGDOptimizer {
  const who = "sgd";
  checkOptions(who, options, [...optimizerOptionNames, "momentum", "nesterov"]);
  const { momentum = 0, nesterov = false } = options;
  const check = checking(who);
  check.shares({ momentum });
  check.flags({ nesterov });
  return optimizerOf(who, options, 0.01, (rate) =>
    momentum === 0 ? new KerasSgd(rate) : new KerasMomentum(rate, momentum, nesterov),
  );
}
