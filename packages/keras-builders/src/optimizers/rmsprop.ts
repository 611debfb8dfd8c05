import { checkOptions } from "@rnnkit/core-rnn";
import {
  type RmspropHyperparameters,
  type RmspropSlot,
  rmspropSteps,
  rmspropUpdate,
} from "@rnnkit/fused-rnn";
import { RMSPropOptimizer, type Variable } from "@tensorflow/tfjs-core";
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

/** Options of `rmsprop`; **learningRate** is *0.001* by default. */
export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the means. Default 0.9. */
  rho?: number;
  /** Part of the last step that is repeated. Default 0. */
  momentum?: number;
  /** Added inside the root. Default 1e-7. */
  epsilon?: number;
  /** Divides by the gradients' deviation from their mean, not from 0. Default *false*. */
  centered?: boolean;
}

/** In the order of their names in the update. */
type RmspropSlots = Partial<Record<RmspropSlot, Variable>> & { meanSquare: Variable };

class KerasRmsprop extends RMSPropOptimizer {
  readonly kerasClassName = "RMSprop";

  static {
    noteRaw(KerasRmsprop);
  }

  #numbers(): RmspropHyperparameters {
    const { decay: rho, momentum, epsilon } = this;
    return { learningRate: Math.fround(this.learningRate), rho, momentum, epsilon };
  }

  #slots(value: Variable, i: number): RmspropSlots {
    const { accumulatedMeanSquares, accumulatedMoments, accumulatedMeanGrads, centered } =
      this as unknown as Record<`accumulated${"MeanSquares" | "Moments" | "MeanGrads"}`, Slot[]> & {
        centered: boolean;
      };
    const meanSquare = slotOf(accumulatedMeanSquares, i, value, "rms");
    // tfjs's saved state has it, momentum or not.
    const moment = slotOf(accumulatedMoments, i, value, "momentum");
    return {
      meanSquare,
      ...(this.momentum && { moment }),
      ...(centered && { meanGradient: slotOf(accumulatedMeanGrads, i, value, "mg") }),
    };
  }

  /** One step without clipping and decay. */
  applyRaw(gradients: readonly RawGradient[]): void {
    const weights = stepped(gradients, (value, i) => this.#slots(value, i));
    rmspropSteps(weights, this.#numbers());
    this.incrementIterations();
  }

  override applyGradients(gradients: Gradients): void {
    if (steppedRaw(this, gradients)) return;
    const numbers = this.#numbers();
    const slots = new Map<Variable, RmspropSlots>();
    takeStep(this, gradients, numbers.learningRate, {
      slots: (value, i) => {
        const own = this.#slots(value, i);
        slots.set(own.meanSquare, own);
        return Object.values(own);
      },
      next: (value, gradient, [meanSquare]) =>
        rmspropUpdate({ value, gradient, ...slots.get(meanSquare!)! }, numbers),
    });
    this.incrementIterations();
  }
}

/**
 * RMSprop with Keras 3's numbers.
 *
 *     v ← ρ v + (1 - ρ) g²     s ← μ s + η g / √(v + ε)     w ← w - s
 *
 * **centered**: a ← ρ a + (1 - ρ) g, and v - a² takes v's place under the root, to which tf.train.rmsprop
 * would not add ε but subtract it. A model that tfjs saves names it `RMSProp` with its numbers (the rate that
 * of the next step) and state, without decay and clipping, and is loaded with tfjs's own. `.keras` files hold
 * all of it.
 *
 * Reference: https://keras.io/api/optimizers/rmsprop/
 *
 * @throws for names that it does not know, numbers out of range, and two ways of clipping.
 * @example
 * model.compile({ optimizer: rmsprop({ momentum: 0.9, centered: true }), loss: "binaryCrossentropy" });
 */
export function rmsprop(options: RmspropOptions = {}): RMSPropOptimizer {
  const who = "rmsprop";
  checkOptions(who, options, [...optimizerOptionNames, "rho", "momentum", "epsilon", "centered"]);
  const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = options;
  const check = checking(who);
  check.shares({ rho, momentum });
  check.fromZero({ epsilon });
  check.flags({ centered });
  return optimizerOf(
    who,
    options,
    0.001,
    (rate) => new KerasRmsprop(rate, rho, momentum, epsilon, centered),
  );
}
