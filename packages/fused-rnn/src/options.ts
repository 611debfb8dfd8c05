// What lstm, gru and simpleRnn take and return.

import { type CellName, cellKinds, cellNames, cellTable, checkOptions } from "@rnnkit/core-rnn";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { RecurrentActivationName } from "./activation-names.ts";
import { guideToBackend } from "./tfjs/first-backend.ts";

/**
 * A sequence that is looked up, x[b, t] = table[ids[b, t]], in place of the vectors themselves. The engine then does
 * once what comes again: the product of the kernel with a token's vector, and the beginning that rows have in common,
 * such as the padding before short texts. The outputs are those of the vectors, bit for bit, and the gradient is the
 * table's. Under dropout masks the vectors are looked up.
 *
 * @example
 * const { outputs } = lstm({ ids, table }, weights);
 */
export interface TokenLookup {
  /** [B, T] of int32 (or float32), whole numbers from 0 to below V. */
  ids: Tensor;
  /** A vector for each token, [V, I]. */
  table: Tensor;
}

/** What a recurrence reads: a sequence [B, T, I], or ids and the table of their vectors. */
export type RecurrentInput = Tensor | TokenLookup;

/** Weights of a recurrence, in Keras's layout. */
export interface RecurrentWeights {
  /** [I, G·H]. */
  kernel: Tensor;
  /** [H, G·H]. */
  recurrentKernel: Tensor;
  /** [G·H], or [2, 3H] for a GRU with resetAfter. Absent: zero. */
  bias?: Tensor | undefined;
}

/** Options of every recurrence. */
export interface RecurrentOptions {
  /** [B, H] each: h, and c for LSTM. Default: zeros. */
  initialState?: readonly Tensor[] | undefined;
  /**
   * [B, T] of bool (or int32): 0 skips the step, which keeps the state and repeats the previous
   * output, or 0 where no step has been kept yet. Any pattern; what a masked step holds, NaN
   * included, reaches nothing. Default: no step is masked.
   */
  mask?: Tensor | undefined;
  /** From the last step to the first; outputs come in that order too. Default *false*. */
  goBackwards?: boolean | undefined;
  /**
   * Outputs [B, T, H] come in the opposite of the order of reading, as a Bidirectional layer joins those of its
   * second direction to the first's: with **goBackwards** in the order of x. Default *false*.
   */
  reverseOutputs?: boolean | undefined;
  /** *true* (default): outputs [B, T, H]; *false*: the last one, [B, H], and half the backward traffic. */
  returnSequences?: boolean | undefined;
  /** The output of a masked step is 0 instead of the previous one. Default *false*. */
  zeroOutputForMask?: boolean | undefined;
  /**
   * Of the candidate and the output. Default *tanh*. Fused: tanh, sigmoid, relu, linear, hard_sigmoid, hard_sigmoid_keras2,
   * elu, selu, softplus, softsign, exponential; the others are composed of tfjs operations, slowly.
   */
  activation?: RecurrentActivationName | undefined;
  /** Multiplies x before the kernel at every step: [B, I], or [G, B, I] with one per gate; scaled. */
  inputDropoutMask?: Tensor | undefined;
  /** Multiplies h before the recurrent kernel at every step: [B, H] or [G, B, H]; scaled. */
  recurrentDropoutMask?: Tensor | undefined;
}

/** Options of the recurrences with gates. */
export interface GatedOptions extends RecurrentOptions {
  /** Of the gates. Default *sigmoid*. */
  recurrentActivation?: RecurrentActivationName | undefined;
}

/** What a recurrence returns. */
export interface RecurrentResult {
  /** [B, T, H], or [B, H] without **returnSequences**. */
  outputs: Tensor;
  /** The state after the last step: h, and c for LSTM, [B, H] each. */
  state: Tensor2D[];
}

/** Of all recurrences. */
const sharedNames = [
  "initialState",
  "mask",
  "goBackwards",
  "reverseOutputs",
  "returnSequences",
  "zeroOutputForMask",
  "activation",
  "inputDropoutMask",
  "recurrentDropoutMask",
];

/** The operation's: those of all, what activates the gates where it has some, and what tells its kinds apart. */
function namesOf(op: CellName): string[] {
  const rows = cellKinds.map((kind) => cellTable[kind]).filter(({ name }) => name === op);
  return [
    ...sharedNames,
    ...(rows.some(({ gates }) => gates.length > 1) ? ["recurrentActivation"] : []),
    ...new Set(rows.flatMap(({ options }) => Object.keys(options))),
  ];
}

const optionNames = Object.fromEntries(cellNames.map((op) => [op, namesOf(op)])) as Record<
  CellName,
  string[]
>;

/** Throws unless the options are known to the operation. */
export function checkRecurrentOptions(who: string, op: CellName, options: object): void {
  checkOptions(who, options, optionNames[op], "{ returnSequences: false }");
  guideToBackend();
}
