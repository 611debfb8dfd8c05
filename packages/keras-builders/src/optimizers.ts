import { adamUpdate, hasOptimizerUpdates, rmspropUpdate } from "@rnnkit/fused-rnn";
import {
  AdamOptimizer,
  div,
  engine,
  keep,
  MomentumOptimizer,
  maximum,
  mul,
  type NamedTensorMap,
  norm,
  type Optimizer,
  RMSPropOptimizer,
  SGDOptimizer,
  type Tensor,
  tidy,
  type Variable,
  variable,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { checking } from "./check.ts";

type Gradients = NamedTensorMap | { name: string; tensor: Tensor }[];

interface OptimizerOptions {
  /** Step size, above 0. */
  learningRate?: number;
  /**
   * Scales each weight's gradient down to at most this Euclidean norm, weight by weight, before the
   * step. Default: no limit. The optimizer's own `clipnorm` says it to those that save it;
   * tfjs-layers' model files have no place for it.
   */
  clipnorm?: number;
}

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment. Default 0.9. */
  beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  beta2?: number;
  /** Added to √v. Default 1e-7. */
  epsilon?: number;
}

export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the mean square. Default 0.9. */
  rho?: number;
  /** Part of the last step that is repeated. Default 0. */
  momentum?: number;
  /** Added to the mean square, inside the root. Default 1e-7. */
  epsilon?: number;
}

export interface SgdOptions extends OptimizerOptions {
  /** Part of the last step that is repeated. Default 0. */
  momentum?: number;
  /** Looks ahead along the momentum. Default false. */
  nesterov?: boolean;
}

interface Slot {
  originalName: string;
  variable: Variable;
}

/** The slot that tfjs keeps for weight i, made as tfjs makes it, so that saved states agree. */
function slotOf(slots: Slot[], i: number, value: Variable, name: string): Variable {
  slots[i] ??= {
    originalName: `${value.name}/${name}`,
    variable: tidy(() => variable(zerosLike(value), false)),
  };
  return slots[i].variable;
}

function entriesOf(gradients: Gradients): { name: string; tensor: Tensor }[] {
  return Array.isArray(gradients)
    ? gradients
    : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
}

const weightNamed = (name: string) => engine().registeredVariables[name];

class KerasAdam extends AdamOptimizer {
  override applyGradients(gradients: Gradients): void {
    if (hasOptimizerUpdates()) this.#applyFused(entriesOf(gradients));
    else this.#applyComposed(gradients);
  }

  #applyFused(entries: { name: string; tensor: Tensor }[]): void {
    const slots = this as unknown as Record<
      "accumulatedFirstMoment" | "accumulatedSecondMoment",
      Slot[]
    >;
    const { beta1, beta2, epsilon, learningRate } = this;
    const t = this.iterations + 1;
    // Keras takes the powers of the float32 decay rates.
    const left = (beta: number) => 1 - Math.fround(beta) ** t;
    const stepSize = (learningRate * Math.sqrt(left(beta2))) / left(beta1);
    tidy(() => {
      for (const [i, { name, tensor: gradient }] of entries.entries()) {
        const value = weightNamed(name);
        const m = slotOf(slots.accumulatedFirstMoment, i, value, "m");
        const v = slotOf(slots.accumulatedSecondMoment, i, value, "v");
        if (gradient == null) continue;
        const numbers = { stepSize, beta1, beta2, epsilon };
        const [w, newM, newV] = adamUpdate({ value, gradient, m, v }, numbers);
        m.assign(newM);
        v.assign(newV);
        value.assign(w);
      }
      const { accBeta1, accBeta2 } = this as unknown as Record<"accBeta1" | "accBeta2", Variable>;
      accBeta1.assign(mul(accBeta1, beta1));
      accBeta2.assign(mul(accBeta2, beta2));
    });
    this.incrementIterations();
  }

  #applyComposed(gradients: Gradients): void {
    // Keras adds ε to √v, tfjs to √(v / (1 - β₂ᵗ)): the same where tfjs's ε is ε / √(1 - β₂ᵗ).
    const { epsilon } = this;
    this.epsilon = epsilon / Math.sqrt(1 - this.beta2 ** (this.iterations + 1));
    try {
      super.applyGradients(gradients as Parameters<AdamOptimizer["applyGradients"]>[0]);
    } finally {
      this.epsilon = epsilon;
    }
  }
}

class FusedRmsprop extends RMSPropOptimizer {
  override applyGradients(gradients: Gradients): void {
    if (!hasOptimizerUpdates()) {
      super.applyGradients(gradients as Parameters<RMSPropOptimizer["applyGradients"]>[0]);
      return;
    }
    const slots = this as unknown as Record<
      "accumulatedMeanSquares" | "accumulatedMoments",
      Slot[]
    >;
    const { learningRate, decay: rho, momentum, epsilon } = this;
    tidy(() => {
      for (const [i, { name, tensor: gradient }] of entriesOf(gradients).entries()) {
        const value = weightNamed(name);
        const meanSquare = slotOf(slots.accumulatedMeanSquares, i, value, "rms");
        const moment = slotOf(slots.accumulatedMoments, i, value, "momentum");
        if (gradient == null) continue;
        const weight = { value, gradient, meanSquare, moment: momentum ? moment : undefined };
        const numbers = { learningRate, rho, momentum, epsilon };
        const [w, newSquare, newMoment] = rmspropUpdate(weight, numbers);
        meanSquare.assign(newSquare);
        if (newMoment) moment.assign(newMoment);
        value.assign(w);
      }
    });
    this.incrementIterations();
  }
}

class FreedMomentum extends MomentumOptimizer {
  constructor(learningRate: number, momentum: number, nesterov: boolean) {
    super(learningRate, momentum, nesterov);
    // Made by MomentumOptimizer as a tensor that a tidy around it would free.
    keep((this as unknown as { m: Tensor }).m);
  }

  override dispose(): void {
    super.dispose();
    // Made by SGDOptimizer's constructor, forgotten by MomentumOptimizer's dispose.
    this.c.dispose();
  }
}

/**
 * Adam with Keras 3's numbers, **learningRate** *0.001* by default.
 *
 *     m ← m + (1 - β₁)(g - m)     v ← v + (1 - β₂)(g² - v)
 *     w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)
 *
 * `tf.train.adam` divides v by 1 - β₂ᵗ before ε is added, so its first steps on small gradients
 * differ. A saved model names it `Adam`, as tfjs does, and so is loaded with tfjs's; compile the loaded
 * model with this one to go on as Keras would.
 *
 * Reference: https://keras.io/api/optimizers/adam/
 *
 * @example
 * model.compile({ optimizer: adam({ learningRate: 0.01, clipnorm: 1 }), loss: "meanSquaredError" });
 */
export function adam(options: AdamOptions = {}): AdamOptimizer {
  const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, clipnorm } = options;
  checking("adam").positive({ learningRate, clipnorm });
  return clipping(new KerasAdam(learningRate, beta1, beta2, epsilon), clipnorm);
}

/**
 * RMSprop with Keras 3's numbers, **learningRate** *0.001* by default.
 *
 *     v ← ρ v + (1 - ρ) g²     s ← μ s + η g / √(v + ε)     w ← w - s
 *
 * Reference: https://keras.io/api/optimizers/rmsprop/
 *
 * @example
 * model.compile({ optimizer: rmsprop(), loss: "binaryCrossentropy" });
 */
export function rmsprop(options: RmspropOptions = {}): RMSPropOptimizer {
  const { learningRate = 0.001, rho = 0.9, momentum = 0, epsilon = 1e-7, clipnorm } = options;
  checking("rmsprop").positive({ learningRate, clipnorm });
  return clipping(new FusedRmsprop(learningRate, rho, momentum, epsilon), clipnorm);
}

/**
 * Gradient descent with Keras 3's numbers, **learningRate** *0.01* by default.
 *
 *     s ← μ s + g     w ← w - η s     (Nesterov: w ← w - η (g + μ s))
 *
 * Reference: https://keras.io/api/optimizers/sgd/
 *
 * @example
 * model.compile({ optimizer: sgd({ momentum: 0.9 }), loss: "meanAbsoluteError" });
 */
export function sgd(options: SgdOptions = {}): SGDOptimizer {
  const { learningRate = 0.01, momentum = 0, nesterov = false, clipnorm } = options;
  checking("sgd").positive({ learningRate, clipnorm });
  return momentum === 0
    ? clipping(new SGDOptimizer(learningRate), clipnorm)
    : clipping(new FreedMomentum(learningRate, momentum, nesterov), clipnorm);
}

function clipping<O extends Optimizer>(optimizer: O, clipnorm: number | undefined): O {
  if (clipnorm === undefined) return optimizer;
  const apply = optimizer.applyGradients.bind(optimizer) as (gradients: Gradients) => void;
  // g · c / max(‖g‖, c)
  const clip = (g: Tensor): Tensor => div(mul(g, clipnorm), maximum(norm(g), clipnorm));
  optimizer.applyGradients = (gradients: Gradients): void => {
    tidy(() => {
      apply(
        entriesOf(gradients).map(({ name, tensor }) => ({ name, tensor: tensor && clip(tensor) })),
      );
    });
  };
  return Object.assign(optimizer, { clipnorm });
}
