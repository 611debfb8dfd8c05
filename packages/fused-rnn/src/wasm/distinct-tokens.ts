// The distinct tokens of each block of rows: what the kernel is multiplied by, once each, where x is a lookup.

import type { CallShape } from "../call.ts";
import type { CommonPrefix } from "./common-prefix.ts";
import type { Blocks } from "./layout.ts";

/** The distinct tokens of a call, numbered through the blocks. */
export interface DistinctTokens {
  /** The distinct token of each step, [B, T]; 0 where none is worked on. */
  tokenOf: Int32Array;
  /** The first distinct token of each block, and the number of all: [blocks + 1]. */
  firstTokens: Int32Array;
  /** The id of each. */
  ids: Int32Array;
}

/** More of the steps than this being distinct, sums for each are no gain over multiplying. */
const MOST_DISTINCT = 0.6;
/** Fewer inputs are multiplied in the time that reading a token's sums takes. */
const LEAST_INPUTS = 8;
/** Ids are rows of a table that fits into memory: a larger one is not worth finding out about. */
const MOST_IDS = 1 << 20;

/** The distinct ones of **ids** [B, T] that are worked on; undefined where multiplying each step takes no longer. */
export function distinctTokens(
  ids: Int32Array,
  rows: number,
  { B, T, I, goBackwards }: Pick<CallShape, "B" | "T" | "I" | "goBackwards">,
  { R, blocks }: Blocks,
  prefix: CommonPrefix | undefined,
  mask: Uint8Array | undefined,
): DistinctTokens | undefined {
  if (I < LEAST_INPUTS || rows > MOST_IDS) return undefined;
  const known = new Int32Array(rows).fill(-1);
  const tokenOf = new Int32Array(B * T);
  const firstTokens = new Int32Array(blocks + 1);
  const steps = prefix?.work ?? (mask ? mask.reduce((kept, m) => kept + (m ? 1 : 0), 0) : B * T);
  const distinct = new Int32Array(Math.floor(MOST_DISTINCT * steps));
  let count = 0;
  for (let block = 0; block < blocks; block++) {
    firstTokens[block] = count;
    for (let position = block * R; position < Math.min(B, (block + 1) * R); position++) {
      const b = prefix ? prefix.order[position] : position;
      const skipped = prefix ? prefix.firstSteps[b] : 0;
      const from = b * T + (goBackwards ? 0 : skipped);
      for (let i = from; i < from + T - skipped; i++) {
        if (mask && !mask[i]) continue;
        const id = ids[i];
        let token = known[id];
        if (token < firstTokens[block]) {
          if (count === distinct.length) return undefined;
          token = count++;
          known[id] = token;
          distinct[token] = id;
        }
        tokenOf[i] = token;
      }
    }
  }
  firstTokens[blocks] = count;
  return { tokenOf, firstTokens, ids: distinct.subarray(0, count) };
}
