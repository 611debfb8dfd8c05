// The distinct tokens of each block of rows: what the kernel is multiplied by, once each, where x is a lookup.

import type { CallShape } from "../call.ts";
import type { CommonPrefix } from "./common-prefix.ts";
import type { Layout } from "./workspace.ts";

/** The words of a call, numbered through the blocks. */
export interface DistinctTokens {
  /** The word of each step, [B, T]; 0 where none is worked on. */
  of: Int32Array;
  /** The first word of each block, and the number of all: [blocks + 1]. */
  starts: Int32Array;
  /** A step that has the word, b·T + t. */
  at: Int32Array;
}

/** More of the steps than this being distinct, sums for each are no gain over multiplying. */
const MOST_DISTINCT = 0.6;
/** Fewer inputs are multiplied in the time that reading a word's sums takes. */
const LEAST_INPUTS = 8;
/** Tokens are numbers of rows in a table that fits into memory: a larger one is not worth finding out about. */
const MOST_TOKENS = 1 << 20;

/** The words of **tokens** [B, T] that are worked on; undefined where multiplying each step takes no longer. */
export function distinctTokens(
  tokens: ArrayLike<number>,
  { B, T, I, goBackwards }: CallShape,
  { R, blocks }: Layout,
  shared: CommonPrefix | undefined,
  mask: Uint8Array | undefined,
): DistinctTokens | undefined {
  const most = tokens.length && I >= LEAST_INPUTS ? largest(tokens) : -1;
  if (!(most >= 0 && most < MOST_TOKENS)) return undefined;
  const known = new Int32Array(most + 1).fill(-1);
  const of = new Int32Array(B * T);
  const starts = new Int32Array(blocks + 1);
  const steps = shared?.work ?? (mask ? mask.reduce((kept, m) => kept + (m ? 1 : 0), 0) : B * T);
  const at = new Int32Array(Math.floor(MOST_DISTINCT * steps));
  let count = 0;
  for (let block = 0; block < blocks; block++) {
    starts[block] = count;
    for (let position = block * R; position < Math.min(B, (block + 1) * R); position++) {
      const b = shared ? shared.order[position] : position;
      const skipped = shared ? shared.firstSteps[b] : 0;
      const from = b * T + (goBackwards ? 0 : skipped);
      for (let i = from; i < from + T - skipped; i++) {
        if (mask && !mask[i]) continue;
        // As a lookup of float32 tokens does.
        const token = tokens[i] | 0;
        let word = known[token];
        if (word < starts[block]) {
          if (count === at.length) return undefined;
          word = count++;
          known[token] = word;
          at[word] = i;
        }
        of[i] = word;
      }
    }
  }
  starts[blocks] = count;
  return { of, starts, at: at.subarray(0, count) };
}

/** The largest token; NaN where one is below 0 or not a number. */
function largest(tokens: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!(token >= 0)) return Number.NaN;
    if (token > most) most = token;
  }
  return Math.floor(most);
}
