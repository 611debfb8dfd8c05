import { nearest, shown } from "@rnnkit/core-rnn";
import type { Optimizer } from "@tensorflow/tfjs-core";
import type { LearningRate } from "./learning-rate.ts";
import { adam, adamw, rmsprop, sgd } from "./optimizers.ts";

/** Makes an optimizer. @inline */
type MakeOptimizer = (options: { learningRate?: LearningRate; clipnorm?: number }) => Optimizer;

/** An optimizer as Keras calls it, in a string or as the class. */
export type OptimizerName =
  | "adam"
  | "Adam"
  | "adamw"
  | "AdamW"
  | "rmsprop"
  | "RMSprop"
  | "sgd"
  | "SGD";

const optimizers: Record<Lowercase<OptimizerName>, MakeOptimizer> = { adam, adamw, rmsprop, sgd };

/**
 * What makes the optimizer of a name, upper or lower case, as in Keras.
 *
 * @throws for a name that is none, with the nearest.
 * @example
 * optimizerNamed("compile", "RMSprop")({ learningRate: 0.01 });
 */
export function optimizerNamed(who: string, given: unknown): MakeOptimizer {
  const name = typeof given === "string" ? given.toLowerCase() : "";
  if (Object.hasOwn(optimizers, name)) return optimizers[name as keyof typeof optimizers];
  const names = Object.keys(optimizers);
  const near = nearest(name, names);
  throw new Error(
    `${who}: expected optimizer to be one of ${names.join(", ")}, got ${shown(given)}${near ? `; did you mean ${near}?` : ""}`,
  );
}
