// What decides how a call of a recurrence runs, whichever engine runs it, and the names of its tensors.

import { type CellKind, cellKinds, cellTable } from "@rnnkit/core-rnn";
import type { RecurrentActivationName } from "./activation-names.ts";

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
  activation: RecurrentActivationName;
  recurrentActivation: RecurrentActivationName;
  returnSequences: boolean;
  goBackwards: boolean;
  /** Outputs come in the opposite of the order of reading. */
  reverseOutputs: boolean;
  zeroOutputForMask: boolean;
  masked: boolean;
  /** 0 without dropout masks, 1 where all gates share them, else one for each gate. */
  dropoutVariants: number;
}

/** Initial states, in the order of the cell table's. */
export type StateName = "h0" | "c0";

/**
 * Tensors of a call. A sequence comes as **x**, or as **ids** [B, T] of rows of a **table** [V, I]. Of an x that was
 * not looked up, **prefixIds** [B, T] may say that rows whose ids begin alike do so too; a gradient of x that is right
 * in the sum over such rows will then do.
 */
export type InputName =
  | "x"
  | "ids"
  | "table"
  | "prefixIds"
  | "kernel"
  | "recurrentKernel"
  | "bias"
  | StateName
  | "mask"
  | "inputDropoutMask"
  | "recurrentDropoutMask";

/** Tensors that have gradients. */
export type GradientName = "x" | "table" | "kernel" | "recurrentKernel" | "bias" | StateName;

/** Names of each cell's initial states. */
export const initialStates: Readonly<Record<CellKind, readonly StateName[]>> = Object.fromEntries(
  cellKinds.map((cell) => [cell, cellTable[cell].states.map((state) => `${state}0`)]),
) as Record<CellKind, StateName[]>;
