import { type RowActivationName, rowActivationNames } from "@rnnkit/core-rnn";

/** The name of an activation, spelled as in Keras 3. */
export type RecurrentActivationName = RowActivationName;

/** All of them. */
export const activationNames: readonly RecurrentActivationName[] = rowActivationNames;
