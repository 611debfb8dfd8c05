// What decides how a call of a recurrence runs, whichever engine runs it.

import type { CellKind } from "@rnnkit/core-rnn";
import type { DecidedBy } from "./token-source.ts";

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

/** What decides how a call runs. */
export interface CallShape {
  cell: CellKind;
  /** Batch. */
  B: number;
  /** Time steps. */
  T: number;
  /** Input features. */
  I: number;
  /** Units. */
  H: number;
  activation: FusedActivation;
  recurrentActivation: FusedActivation;
  returnSequences: boolean;
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  masked: boolean;
  /** Which of the tokens that are given decide a step of x. */
  decidedBy?: DecidedBy | undefined;
  /** The engine multiplies the kernel by the distinct tokens' vectors: decided by what the tokens are. */
  byToken?: boolean | undefined;
  /** 0 without dropout masks, 1 where all gates share them, else one for each gate. */
  dropoutVariants: number;
  /** Keeps what the backward pass needs. */
  training: boolean;
}
