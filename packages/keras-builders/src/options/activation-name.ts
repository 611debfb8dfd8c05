import { didYouMean, rowActivationNames, shown } from "@rnnkit/core-rnn";
import type { RecurrentActivationName } from "@rnnkit/fused-rnn";

/** An activation as Keras 3 or as tfjs spells it; *null* for none. @inline */
export type ActivationArg =
  | RecurrentActivationName
  | "hardSigmoid"
  | "hardSigmoidKeras2"
  | "leakyRelu"
  | "logSoftmax"
  | "swish"
  | null;

const olderNames: Readonly<Record<string, string>> = { swish: "silu", hard_swish: "hard_silu" };

/**
 * The name of an activation as Keras 3 spells it, undefined where it has none. tfjs writes
 * `hardSigmoid` in code and `hard_sigmoid` in files, and *swish* is the older name of *silu*, *hard_swish*
 * of *hard_silu*.
 */
export function kerasActivationName(given: string): RecurrentActivationName | undefined {
  const snake = given.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const name = olderNames[snake] ?? snake;
  return rowActivationNames.find((known) => known === name);
}

/** Reads an option of a layer; *null* means none. */
export function activationName(
  who: string,
  option: string,
  given: ActivationArg | undefined,
  fallback: RecurrentActivationName,
): RecurrentActivationName {
  if (given === undefined) return fallback;
  if (given === null) return "linear";
  const name = kerasActivationName(`${given}`);
  if (name) return name;
  const names = rowActivationNames.join(", ");
  const got = `${shown(given)}${didYouMean(given, rowActivationNames)}`;
  throw new Error(`${who}: expected ${option} to be one of ${names}, got ${got}`);
}

/** The name as tfjs-layers knows it, for the configs of saved models. */
export function tfjsActivationName(name: string): string {
  if (name === "silu") return "swish";
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
