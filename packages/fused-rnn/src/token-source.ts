// What a sequence may be said to follow: tokens, and which of them decide a step. The one place that says what a
// recurrence makes of that, and what its own outputs follow in turn.

import type { Tensor } from "@tensorflow/tfjs-core";

/** Which tokens of its row decide a step of a sequence, as `TokenSource` has it. */
export type DecidedBy = "step" | "start" | "end";

/** Every value of `DecidedBy`. */
export const decidedBys: readonly DecidedBy[] = ["step", "start", "end"];

/**
 * The tokens that a sequence [B, T, I] was made from, in the same way in every row.
 *
 * @example
 * const x = tf.gather(table, tokens);
 * const first = lstm(x, weights, { source: { tokens, decidedBy: "step" } });
 * const second = lstm(first.outputs, others, { source: first.source });
 */
export interface TokenSource {
  /** [B, T] of int32 (or float32). */
  tokens: Tensor;
  /**
   * What decides a step of the sequence, and nothing else does:
   *
   * - *"step"*: the token at that step, as in a lookup in a table;
   * - *"start"*: the tokens from the first step to that one, as for the outputs of a recurrence;
   * - *"end"*: those from that step to the last, as for those of a reversed one, put in order again.
   */
  decidedBy: DecidedBy;
}

/** What of a call matters here. */
export interface TokenReader {
  decidedBy?: DecidedBy | undefined;
  goBackwards: boolean;
  masked: boolean;
  /** From given states. */
  started: boolean;
  /** 0 without dropout masks. */
  dropoutVariants: number;
}

/**
 * Whether rows are worked out alike for as long as their tokens, in the order in which the call reads, are: each
 * step is then decided by what has been read, and rows have neither states nor masks of their own.
 */
export function staysAlike({ decidedBy, goBackwards, ...own }: TokenReader): boolean {
  const soFar = decidedBy === "step" || decidedBy === (goBackwards ? "end" : "start");
  return soFar && !own.masked && !own.started && own.dropoutVariants === 0;
}

/** Whether steps of one token meet the kernel with one vector, wherever they stand. */
export function isLookup({ decidedBy, dropoutVariants }: TokenReader): boolean {
  return decidedBy === "step" && dropoutVariants === 0;
}

/** What decides the outputs of a call that returns all of them; nothing that is known, where they are turned round. */
export function outputsDecidedBy(reader: TokenReader): DecidedBy | undefined {
  return !reader.goBackwards && staysAlike(reader) ? "start" : undefined;
}
