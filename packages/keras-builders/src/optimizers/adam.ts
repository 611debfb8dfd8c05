import { checkOptions } from "@rnnkit/core-rnn";
import { type AdamHyperparameters, adamSteps, adamUpdate } from "@rnnkit/fused-rnn";
import { AdamOptimizer, dispose, keep, scalar, type Tensor, variable } from "@tensorflow/tfjs-core";
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

/** Options of `adam`; **learningRate** is *0.001* by default. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment. Default 0.9. */
  beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  beta2?: number;
  /** Added to √v. Default 1e-7. */
  epsilon?: number;
  /** Divides by the largest v so far instead of by the last. Default *false*. */
  amsgrad?: boolean;
}

/** Options of `adamw`. */
export interface AdamwOptions extends AdamOptions {
  /**
   * Shrinks every weight by this part of itself times the rate before its step, biases too. Default
   * 0.004.
   */
  weightDecay?: number;
}

const f = Math.fround;

/** η √(1 - β₂ᵗ) / (1 - β₁ᵗ) in float32, where Keras's powers lose digits in the first steps. */
function stepSize(rate: number, beta1: number, beta2: number, t: number): number {
  const left = (beta: number) => f(1 - f(f(beta) ** t));
  return f(f(rate * f(Math.sqrt(left(beta2)))) / left(beta1));
}

type Named = { name: string; tensor: Tensor };

class KerasAdam extends AdamOptimizer {
  readonly kerasClassName: string = "Adam";
  amsgrad = false;
  accumulatedMaxSecondMoment: Slot[] = [];
  #nothing: Tensor | undefined;

  static {
    noteRaw(KerasAdam);
  }

  #numbers(rate: number): AdamHyperparameters {
    const { beta1, beta2, epsilon } = this;
    return {
      stepSize: stepSize(rate, beta1, beta2, this.iterations + 1),
      beta1,
      beta2,
      epsilon,
    };
  }

  /** One step without clipping and decay. */
  applyRaw(gradients: readonly RawGradient[]): void {
    const lists = this.#lists();
    const weights = stepped(gradients, (value, i) => {
      const [m, v, vHat] = lists.map(({ slots, ending }) => slotOf(slots, i, value, ending));
      return { m: m!, v: v!, ...(vHat && { vHat }) };
    });
    adamSteps(weights, this.#numbers(f(this.learningRate)));
    this.incrementIterations();
  }

  override applyGradients(gradients: Gradients): void {
    if (steppedRaw(this, gradients)) return;
    const lists = this.#lists();
    const rate = f(this.learningRate);
    const numbers = this.#numbers(rate);
    takeStep(this, gradients, rate, {
      slots: (value, i) => lists.map(({ slots, ending }) => slotOf(slots, i, value, ending)),
      next: (value, gradient, [m, v, vHat]) =>
        adamUpdate({ value, gradient, m: m!, v: v!, vHat }, numbers),
    });
    this.incrementIterations();
  }

  #lists(): { slots: Slot[]; ending: string }[] {
    const { accumulatedFirstMoment, accumulatedSecondMoment } = this as unknown as Record<
      "accumulatedFirstMoment" | "accumulatedSecondMoment",
      Slot[]
    >;
    const lists = [
      { slots: accumulatedFirstMoment, ending: "m" },
      { slots: accumulatedSecondMoment, ending: "v" },
    ];
    if (this.amsgrad) lists.push({ slots: this.accumulatedMaxSecondMoment, ending: "vhat" });
    return lists;
  }

  // tfjs's Adam takes the first half of what it is given for m and the second for v, by the weights'
  // places, and never looks at what stands behind them: m, nothing, v, v̂ is its state, and the whole one.
  override async getWeights(): Promise<Named[]> {
    const weights = await super.getWeights();
    const hats = this.accumulatedMaxSecondMoment;
    if (hats.length === 0) return weights;
    this.#nothing ??= keep(scalar(0));
    const nothing = this.#nothing;
    const half = 1 + hats.length;
    return [
      ...weights.slice(0, half),
      ...hats.map(({ originalName }) => ({ name: `${originalName}-none`, tensor: nothing })),
      ...weights.slice(half),
      ...hats.map(({ originalName, variable }) => ({ name: originalName, tensor: variable })),
    ];
  }

  override async setWeights(weights: Named[]): Promise<void> {
    const hats = weights.filter(({ name }) => name.endsWith("/vhat"));
    const others = weights.filter(({ name }) => !/\/vhat(-none)?$/.test(name));
    await super.setWeights(others);
    dispose(this.accumulatedMaxSecondMoment.map((slot) => slot.variable));
    this.accumulatedMaxSecondMoment = this.amsgrad
      ? hats.map(({ name, tensor }) => ({ originalName: name, variable: variable(tensor, false) }))
      : [];
  }

  override dispose(): void {
    super.dispose();
    dispose(this.accumulatedMaxSecondMoment.map((slot) => slot.variable));
    this.#nothing?.dispose();
  }
}

class KerasAdamw extends KerasAdam {
  override readonly kerasClassName = "AdamW";
}

const names = [...optimizerOptionNames, "beta1", "beta2", "epsilon", "amsgrad"];

/**
 * Adam with Keras 3's numbers.
 *
 *     m ← m + (1 - β₁)(g - m)     v ← v + (1 - β₂)(g² - v)
 *     w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)
 *
 * With **amsgrad** v̂ ← max(v̂, v), and v̂ takes v's place under the root. `tf.train.adam` divides v by
 * 1 - β₂ᵗ before ε is added, so its first steps on small gradients differ. A model that tfjs saves names it
 * `Adam` with its four numbers (the rate that of the next step) and m and v, and is loaded with tfjs's own;
 * compile the loaded model with this one to go on as Keras would. `.keras` files hold all of it.
 *
 * References: https://keras.io/api/optimizers/adam/; Reddi et al. 2018
 *
 * @throws for names that it does not know, numbers out of range, and two ways of clipping.
 * @example
 * model.compile({ optimizer: adam({ learningRate: 0.01, clipnorm: 1 }), loss: "meanSquaredError" });
 */
export function adam(options: AdamOptions = {}): AdamOptimizer {
  return made("adam", KerasAdam, options);
}

/**
 * Adam whose weights decay, with Keras 3's numbers: `adam` with a **weightDecay**, *0.004* by default.
 *
 *     w ← w - w λ η, then Adam's step
 *
 * The decay is that of `adam({ weightDecay })`; files name it AdamW. A model that tfjs saves names it
 * `Adam`, and the decay is lost there.
 *
 * References: https://keras.io/api/optimizers/adamw/; Loshchilov & Hutter 2019
 *
 * @throws for names that it does not know, numbers out of range, and two ways of clipping.
 * @example
 * const learningRate = cosineDecay({ initialLearningRate: 0.001, decaySteps: 1000 });
 * model.compile({ optimizer: adamw({ learningRate }), loss: "meanSquaredError" });
 */
export function adamw(options: AdamwOptions = {}): AdamOptimizer {
  checkOptions("adamw", options, names);
  const { weightDecay = 0.004 } = options;
  return made("adamw", KerasAdamw, { ...options, weightDecay });
}

function made(who: string, Class: typeof KerasAdam, options: AdamOptions): AdamOptimizer {
  checkOptions(who, options, names);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, amsgrad = false } = options;
  const check = checking(who);
  check.rates({ beta1, beta2 });
  check.fromZero({ epsilon });
  check.flags({ amsgrad });
  return optimizerOf(who, options, 0.001, (rate) =>
    Object.assign(new Class(rate, beta1, beta2, epsilon), { amsgrad }),
  );
}
