import { checkOptions } from "@rnnkit/core-rnn";
import {
  add,
  dispose,
  keep,
  MomentumOptimizer,
  mul,
  SGDOptimizer,
  sub,
  type Tensor,
  tidy,
  variable,
} from "@tensorflow/tfjs-core";
import { checking } from "./check.ts";
import {
  type Gradients,
  type OptimizerOptions,
  optimizerOf,
  optimizerOptionNames,
  type Slot,
  slotOf,
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

  override applyGradients(gradients: Gradients): void {
    const rate = Math.fround(this.learningRate);
    takeStep(this, gradients, rate, {
      slots: () => [],
      next: (value, gradient) => [sub(value, mul(gradient, rate))],
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

  constructor(learningRate: number, momentum: number, nesterov: boolean) {
    super(learningRate, momentum, nesterov);
    // Made by MomentumOptimizer as a tensor that a tidy around it would free.
    keep((this as unknown as { m: Tensor }).m);
  }

  override applyGradients(gradients: Gradients): void {
    const rate = Math.fround(this.learningRate);
    const { momentum, useNesterov } = this as unknown as { momentum: number; useNesterov: boolean };
    takeStep(this, gradients, rate, {
      slots: (value, i) => [slotOf(this.momentums, i, value, "momentum")],
      next(value, gradient, [m]) {
        const push = mul(gradient, rate);
        const moved = sub(mul(m!, momentum), push);
        return [add(value, useNesterov ? sub(mul(moved, momentum), push) : moved), moved];
      },
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
