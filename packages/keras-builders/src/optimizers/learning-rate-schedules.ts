// Keras 3's learning-rate schedules in its own float32 arithmetic, operation by operation.

import { checkOptions, shown } from "@rnnkit/core-rnn";
import { checking } from "../check.ts";
import { type LearningRateSchedule, type ScheduleClassName, schedule } from "./learning-rate.ts";

const f = Math.fround;

/** cos πx. */
const cosine = (x: number): number => f(Math.cos(f(f(Math.PI) * x)));

/** What `exponentialDecay` takes. */
export interface ExponentialDecayOptions {
  /** η₀, from 0. */
  initialLearningRate: number;
  /** Steps in which the rate falls by **decayRate**, above 0. */
  decaySteps: number;
  /** From 0. */
  decayRate: number;
  /** Whether the rate falls once every **decaySteps** steps, not a little in each. Default *false*. */
  staircase?: boolean;
}

/**
 * A rate that becomes **decayRate** times what it was every **decaySteps** steps.
 *
 *     η(t) = η₀ · decayRate^p     p = t / decaySteps, rounded down with staircase
 *
 * Reference: https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/
 *
 * @throws for names that it does not know and numbers out of range.
 * @example
 * exponentialDecay({ initialLearningRate: 0.5, decaySteps: 10, decayRate: 0.5 })(20); // => 0.125
 */
export function exponentialDecay(options: ExponentialDecayOptions): LearningRateSchedule {
  return fallingBy("exponentialDecay", "ExponentialDecay", options, (rate, decayRate, part) =>
    f(rate * f(decayRate ** part)),
  );
}

/** What `inverseTimeDecay` takes. */
export interface InverseTimeDecayOptions extends ExponentialDecayOptions {}

/**
 * A rate that falls as one over the time.
 *
 *     η(t) = η₀ / (1 + decayRate · p)     p = t / decaySteps, rounded down with staircase
 *
 * Reference: https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/
 *
 * @throws for names that it does not know and numbers out of range.
 * @example
 * inverseTimeDecay({ initialLearningRate: 1, decaySteps: 10, decayRate: 1 })(10); // => 0.5
 */
export function inverseTimeDecay(options: InverseTimeDecayOptions): LearningRateSchedule {
  return fallingBy("inverseTimeDecay", "InverseTimeDecay", options, (rate, decayRate, part) =>
    f(rate / f(1 + f(decayRate * part))),
  );
}

function fallingBy(
  who: string,
  className: ScheduleClassName,
  options: ExponentialDecayOptions,
  rateAt: (initialRate: number, decayRate: number, part: number) => number,
): LearningRateSchedule {
  checkOptions(who, options, ["initialLearningRate", "decaySteps", "decayRate", "staircase"]);
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  const check = checking(who);
  check.fromZero({ initialLearningRate, decayRate });
  check.aboveZero({ decaySteps });
  check.flags({ staircase });
  const config = { initialLearningRate, decaySteps, decayRate, staircase };
  return schedule(className, config, (step) => {
    const part = f(step / f(decaySteps));
    return rateAt(f(initialLearningRate), f(decayRate), staircase ? Math.floor(part) : part);
  });
}

/** What `polynomialDecay` takes. */
export interface PolynomialDecayOptions {
  /** η₀, from 0. */
  initialLearningRate: number;
  /** Steps from the first rate to the last, above 0. */
  decaySteps: number;
  /** η₁, from 0. Default 0.0001. */
  endLearningRate?: number;
  /** From 0. Default 1: along a line. */
  power?: number;
  /** Whether it begins anew, over twice the steps and so on, instead of staying at η₁. Default *false*. */
  cycle?: boolean;
}

/**
 * A rate that goes from one to another along a polynomial.
 *
 *     η(t) = (η₀ - η₁)(1 - p)^power + η₁     p = min(t, decaySteps) / decaySteps
 *
 * With **cycle** decaySteps is instead the least whole multiple of it that t does not exceed.
 *
 * Reference: https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/
 *
 * @throws for names that it does not know and numbers out of range.
 * @example
 * polynomialDecay({ initialLearningRate: 1, decaySteps: 10, endLearningRate: 0.5 })(5); // => 0.75
 */
export function polynomialDecay(options: PolynomialDecayOptions): LearningRateSchedule {
  const who = "polynomialDecay";
  const names = ["initialLearningRate", "decaySteps", "endLearningRate", "power", "cycle"];
  checkOptions(who, options, names);
  const { initialLearningRate, decaySteps } = options;
  const { endLearningRate = 0.0001, power = 1, cycle = false } = options;
  const check = checking(who);
  check.fromZero({ initialLearningRate, endLearningRate, power });
  check.aboveZero({ decaySteps });
  check.flags({ cycle });
  const config = { initialLearningRate, decaySteps, endLearningRate, power, cycle };
  const [steps, end] = [f(decaySteps), f(endLearningRate)];
  return schedule("PolynomialDecay", config, (step) => {
    const whole = cycle && step > 0 ? f(steps * Math.ceil(f(step / steps))) : steps;
    const rest = f(1 - f((cycle ? step : Math.min(step, steps)) / whole));
    return f(f(f(f(initialLearningRate) - end) * f(rest ** f(power))) + end);
  });
}

/** What `cosineDecay` takes. */
export interface CosineDecayOptions {
  /** η₀, from 0: where the rate falls from, or rises from with **warmupTarget**. */
  initialLearningRate: number;
  /** Steps that it falls in, above 0. */
  decaySteps: number;
  /** The part of the highest rate that stays, from 0 to 1. Default 0. */
  alpha?: number;
  /** Where the rate rises to, along a line, before it falls. Default: it does not rise. */
  warmupTarget?: number;
  /** Steps that it rises in. Default 0. */
  warmupSteps?: number;
}

/**
 * A rate that falls along half a cosine, after a rise along a line if asked.
 *
 *     η(t) = η₀ ((1 - α)(1 + cos πp)/2 + α)     p = min(t, decaySteps) / decaySteps
 *     η(t) = (warmupTarget - η₀) t / warmupSteps + η₀, before t = warmupSteps
 *
 * After the rise t counts from its end, and warmupTarget takes η₀'s place.
 *
 * References: https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/; Loshchilov & Hutter 2016
 *
 * @throws for names that it does not know, numbers out of range, and **warmupSteps** without **warmupTarget**.
 * @example
 * cosineDecay({ initialLearningRate: 0, decaySteps: 10, warmupTarget: 1, warmupSteps: 4 })(2); // => 0.5
 */
export function cosineDecay(options: CosineDecayOptions): LearningRateSchedule {
  const who = "cosineDecay";
  const names = ["initialLearningRate", "decaySteps", "alpha", "warmupTarget", "warmupSteps"];
  checkOptions(who, options, names);
  const { initialLearningRate, decaySteps, alpha = 0, warmupTarget, warmupSteps = 0 } = options;
  const check = checking(who);
  check.fromZero({ initialLearningRate, warmupSteps });
  check.aboveZero({ decaySteps });
  check.shares({ alpha });
  if (warmupTarget !== undefined) check.fromZero({ warmupTarget });
  else if (warmupSteps > 0) {
    throw new Error(`${who}: expected warmupTarget beside warmupSteps, got ${warmupSteps} alone`);
  }
  const config = {
    ...{ initialLearningRate, decaySteps, alpha },
    ...{ warmupTarget: warmupTarget ?? null, warmupSteps },
  };
  const [initial, steps] = [f(initialLearningRate), f(decaySteps)];
  const [highest, rise] = [f(warmupTarget ?? initial), f(warmupSteps)];
  return schedule("CosineDecay", config, (step) => {
    if (step < rise) return f(f(f(highest - initial) * f(step / rise)) + initial);
    const part = f(f(Math.min(step, f(steps + rise)) - rise) / steps);
    return f(highest * f(f(f(1 - alpha) * f(0.5 * f(1 + cosine(part)))) + f(alpha)));
  });
}

/** What `cosineDecayRestarts` takes. */
export interface CosineDecayRestartsOptions {
  /** η₀, from 0. */
  initialLearningRate: number;
  /** Steps of the first fall, above 0. */
  firstDecaySteps: number;
  /** How many times the steps of a fall the next one takes, from 1. Default 2. */
  tMul?: number;
  /** What the highest rate is multiplied by after each fall, from 0. Default 1. */
  mMul?: number;
  /** The part of η₀ that stays, from 0 to 1. Default 0. */
  alpha?: number;
}

/**
 * A rate that falls along half a cosine again and again.
 *
 *     η(t) = η₀ ((1 - α) mMulⁱ (1 + cos πp)/2 + α)     p: the part of fall i that is over
 *
 * References: https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/; Loshchilov & Hutter 2016
 *
 * @throws for names that it does not know and numbers out of range.
 * @example
 * cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 4 })(8); // => 0.5
 */
export function cosineDecayRestarts(options: CosineDecayRestartsOptions): LearningRateSchedule {
  const who = "cosineDecayRestarts";
  checkOptions(who, options, ["initialLearningRate", "firstDecaySteps", "tMul", "mMul", "alpha"]);
  const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = options;
  const check = checking(who);
  check.fromZero({ initialLearningRate, mMul });
  check.aboveZero({ firstDecaySteps, tMul });
  check.shares({ alpha });
  if (tMul < 1) throw new Error(`${who}: expected tMul from 1, got ${tMul}`);
  const config = { initialLearningRate, firstDecaySteps, tMul, mMul, alpha };
  const t = f(tMul);
  return schedule("CosineDecayRestarts", config, (step) => {
    let part = f(step / f(firstDecaySteps));
    let restart = Math.floor(part);
    if (t === 1) part = f(part - restart);
    else {
      restart = Math.floor(f(f(Math.log(f(1 - f(part * f(1 - t))))) / f(Math.log(t))));
      const before = f(f(1 - f(t ** restart)) / f(1 - t));
      part = f(f(part - before) / f(t ** restart));
    }
    const left = f(f(0.5 * f(f(mMul) ** restart)) * f(1 + cosine(part)));
    return f(f(initialLearningRate) * f(f(f(1 - f(alpha)) * left) + f(alpha)));
  });
}

/** What `piecewiseConstantDecay` takes. */
export interface PiecewiseConstantDecayOptions {
  /** The last step of each rate but the last one; whole numbers from 0, each above the one before. */
  boundaries: readonly number[];
  /** The rates, one more than boundaries, from 0. */
  values: readonly number[];
}

/**
 * One rate up to a step, another up to the next.
 *
 *     η(t) = values[i], i the number of boundaries below t
 *
 * Reference: https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/
 *
 * @throws for names that it does not know, and lists that do not fit.
 * @example
 * const rate = piecewiseConstantDecay({ boundaries: [100, 200], values: [1, 0.5, 0.25] });
 * [rate(100), rate(101)]; // => [1, 0.5]
 */
export function piecewiseConstantDecay(
  options: PiecewiseConstantDecayOptions,
): LearningRateSchedule {
  const who = "piecewiseConstantDecay";
  checkOptions(who, options, ["boundaries", "values"]);
  const { boundaries, values } = options;
  if (!Array.isArray(boundaries) || boundaries.length === 0) {
    throw new Error(`${who}: expected boundaries, a list of steps, got ${shown(boundaries)}`);
  }
  if (!Array.isArray(values) || values.length !== boundaries.length + 1) {
    const count = boundaries.length + 1;
    throw new Error(`${who}: expected values, a list of ${count} rates, got ${shown(values)}`);
  }
  for (const [i, boundary] of boundaries.entries()) {
    const least = i === 0 ? 0 : boundaries[i - 1]! + 1;
    if (Number.isSafeInteger(boundary) && boundary >= least) continue;
    throw new Error(
      `${who}: expected boundaries[${i}] whole and from ${least}, got ${shown(boundary)}`,
    );
  }
  checking(who).fromZero(Object.fromEntries(values.map((value, i) => [`values[${i}]`, value])));
  const config = { boundaries: [...boundaries], values: [...values] };
  return schedule("PiecewiseConstantDecay", config, (step) => {
    const passed = boundaries.filter((boundary) => step > boundary).length;
    return f(values[passed]!);
  });
}
