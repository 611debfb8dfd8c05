import { activationOps, type RecurrentActivationName } from "@rnnkit/fused-rnn";
import type { layers } from "@tensorflow/tfjs-layers";
import { KerasActivation } from "./keras-activation.ts";

/** An activation as tfjs-layers' own layers and cells hold it. */
export type Activation = ReturnType<typeof layers.activation>["activation"];

const made = new Map<RecurrentActivationName, Activation>();

/** Keras's activation of that name, one object for all cells. */
export function activationNamed(name: RecurrentActivationName): Activation {
  const known = made.get(name) ?? new KerasActivation(name, activationOps[name]);
  made.set(name, known);
  return known;
}
