import { type RowActivationName, rowActivationNames } from "@rnnkit/core-rnn";

/** The name of an activation, spelled as in Keras 3. */
export type RecurrentActivationName = RowActivationName;

/** All of them. */
export const activationNames: readonly RecurrentActivationName[] = rowActivationNames;

/** Activations that run inside the kernels, in the order of their numbers there. */
export const fusedActivations = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "hard_sigmoid",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "exponential",
  "hard_sigmoid_keras2",
] as const;

/** An activation that runs inside the kernels. */
export type FusedActivation = (typeof fusedActivations)[number];

/** Whether an activation runs inside the kernels. */
export function isFusedActivation(name: string): name is FusedActivation {
  return (fusedActivations as readonly string[]).includes(name);
}
