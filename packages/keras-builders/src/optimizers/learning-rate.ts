import { shown } from "@rnnkit/core-rnn";
import type { Optimizer } from "@tensorflow/tfjs-core";
import { checking } from "../check.ts";

/** Keras's classes of learning-rate schedules. */
export type ScheduleClassName =
  | "ExponentialDecay"
  | "CosineDecay"
  | "CosineDecayRestarts"
  | "PiecewiseConstantDecay"
  | "PolynomialDecay"
  | "InverseTimeDecay";

/** A learning rate that follows the step: a function of its number, from 0, that says what it is made of. */
export interface LearningRateSchedule {
  (step: number): number;
  readonly className: ScheduleClassName;
  /** Its options, defaults included. */
  readonly config: Readonly<Record<string, number | boolean | null | readonly number[]>>;
}

/**
 * What an optimizer's `learningRate` may be: a number, a schedule, or any function of the number of
 * steps done before, which is 0 in the first. Files hold numbers and schedules, but no functions.
 */
export type LearningRate = number | LearningRateSchedule | ((step: number) => number);

/**
 * A schedule of options that are checked already. **rateAt** counts in float32, as Keras does.
 *
 * @internal
 */
export function schedule(
  className: ScheduleClassName,
  config: LearningRateSchedule["config"],
  rateAt: (step: number) => number,
): LearningRateSchedule {
  const call = (step: number): number => {
    checking(className).fromZero({ step });
    return rateAt(Math.fround(step));
  };
  return Object.freeze(Object.assign(call, { className, config: Object.freeze({ ...config }) }));
}

/**
 * The rate of an optimizer's first step.
 *
 * @throws unless it is a number above 0, or a function that gives one from 0.
 * @internal
 */
export function firstRate(who: string, rate: LearningRate): number {
  if (typeof rate === "function") return rateAt(who, rate, 0);
  if (typeof rate !== "number") {
    throw new Error(
      `${who}: expected learningRate above 0, a schedule or a function of the step, got ${shown(rate)}`,
    );
  }
  checking(who).positive({ learningRate: rate });
  return rate;
}

function rateAt(who: string, rate: (step: number) => number, step: number): number {
  const value = rate(step);
  checking(who).fromZero({ [`learningRate(${step})`]: value });
  return value;
}

/**
 * Makes `optimizer.learningRate` that of the next step. It can be set, as tfjs's can, unless it follows a
 * schedule or function, which `optimizer.learningRateSchedule` then is.
 *
 * @internal
 */
export function giveRate(who: string, optimizer: Optimizer, given: LearningRate): void {
  let rate = given;
  Object.defineProperty(optimizer, "learningRate", {
    ...{ configurable: true, enumerable: true },
    get: () => (typeof rate === "number" ? rate : rateAt(who, rate, optimizer.iterations)),
    set(value: number) {
      if (typeof rate !== "number") {
        throw new TypeError(
          `${who}: expected learningRate to be left to its schedule, got ${value}`,
        );
      }
      checking(who).fromZero({ learningRate: value });
      rate = value;
    },
  });
  if (typeof given === "function") Object.assign(optimizer, { learningRateSchedule: given });
}
