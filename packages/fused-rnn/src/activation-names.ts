import { type ActivationName, activationNames as names } from "@rnnkit/core-rnn";

/** The name of an activation, spelled as in Keras 3. */
export type RecurrentActivationName = ActivationName;

/** All of them. */
export const activationNames: readonly RecurrentActivationName[] = names;
