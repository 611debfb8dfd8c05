// Optimizers and schedules as Keras's files write them, made of this package's.

import type { Optimizer } from "@tensorflow/tfjs-core";
import type { LearningRateSchedule } from "./learning-rate.ts";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstantDecay,
  polynomialDecay,
} from "./learning-rate-schedules.ts";
import { adam, adamw, rmsprop, sgd } from "./optimizers.ts";

/** What Keras serializes of an optimizer or a schedule. */
export interface Serialized {
  class_name: string;
  config: Record<string, unknown>;
}

const optimizers: Record<string, (options: never) => Optimizer> = {
  Adam: adam,
  AdamW: adamw,
  RMSprop: rmsprop,
  SGD: sgd,
};
const schedules: Record<string, (options: never) => LearningRateSchedule> = {
  CosineDecay: cosineDecay,
  CosineDecayRestarts: cosineDecayRestarts,
  ExponentialDecay: exponentialDecay,
  InverseTimeDecay: inverseTimeDecay,
  PiecewiseConstantDecay: piecewiseConstantDecay,
  PolynomialDecay: polynomialDecay,
};
/** What Keras has and these optimizers have not; off in the golden runs. */
const others = /^(name|use_ema|ema_.*|loss_scale_factor|gradient_accumulation_steps)$/;

function optionsOf(config: Record<string, unknown>): never {
  const given = Object.entries(config).filter(
    ([key, value]) => value !== null && !others.test(key),
  );
  const camel = given.map(([key, value]) => [
    key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    typeof value === "object" && "class_name" in value! ? scheduleFrom(value as Serialized) : value,
  ]);
  return Object.fromEntries(camel) as never;
}

export function scheduleFrom({ class_name, config }: Serialized): LearningRateSchedule {
  return schedules[class_name]!(optionsOf(config));
}

export function optimizerFrom({ class_name, config }: Serialized): Optimizer {
  return optimizers[class_name]!(optionsOf(config));
}
