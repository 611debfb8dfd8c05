// Learning-rate schedules as Keras's files hold them, and as keras-builders makes them.

import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRateSchedule,
  piecewiseConstantDecay,
  polynomialDecay,
  type ScheduleClassName,
} from "@rnnkit/keras-builders";
import { isObject, type JsonObject, own, shown } from "./json-text.ts";
import { camelCase, snakeCase } from "./keras-names.ts";
import type { Json } from "./layer-classes.ts";

interface ScheduleClass {
  /** Keras's own name of its operations, which files hold too. */
  name: string;
  make(options: never): LearningRateSchedule;
}

const classes: Readonly<Record<ScheduleClassName, ScheduleClass>> = {
  ExponentialDecay: { name: "ExponentialDecay", make: exponentialDecay },
  CosineDecay: { name: "CosineDecay", make: cosineDecay },
  CosineDecayRestarts: { name: "SGDRDecay", make: cosineDecayRestarts },
  PiecewiseConstantDecay: { name: "PiecewiseConstant", make: piecewiseConstantDecay },
  PolynomialDecay: { name: "PolynomialDecay", make: polynomialDecay },
  InverseTimeDecay: { name: "InverseTimeDecay", make: inverseTimeDecay },
};

/**
 * A schedule from what Keras serializes.
 *
 * @throws for a class that is not known, and for options that it does not have or cannot mean.
 */
export function scheduleFromKeras(serialized: JsonObject): LearningRateSchedule {
  const className = own(serialized, "class_name");
  const config = own(serialized, "config");
  if (typeof className !== "string" || !Object.hasOwn(classes, className) || !isObject(config)) {
    const names = Object.keys(classes).join(", ");
    throw new Error(
      `expected a learning rate that is a number or one of ${names}, got ${shown(className ?? serialized)}`,
    );
  }
  const { name: _, ...options } = config;
  // Without a target Keras knows no warm-up.
  if (options.warmup_target === null) delete options.warmup_steps;
  const given = Object.entries(options).filter(([, value]) => value !== null);
  const camel = given.map(([key, value]) => [camelCase(key), value]);
  return classes[className as ScheduleClassName].make(Object.fromEntries(camel) as never);
}

/** Whether a rate is one that files hold, and not just any function of the step. */
export function isSchedule(rate: unknown): rate is LearningRateSchedule {
  const { className } = (rate ?? {}) as Partial<LearningRateSchedule>;
  return typeof className === "string" && Object.hasOwn(classes, className);
}

/** What Keras serializes of a schedule. */
export function scheduleToKeras({ className, config }: LearningRateSchedule): JsonObject {
  const entries = Object.entries(config).map(([key, value]) => [snakeCase(key), value as Json]);
  return {
    module: "keras.optimizers.schedules",
    class_name: className,
    config: { ...Object.fromEntries(entries), name: classes[className].name },
    registered_name: null,
  };
}
