import { cellTable } from "@rnnkit/core-rnn";
import type { CallShape } from "../call.ts";

/** How the rows of a batch are cut. */
export interface Blocks {
  /** Rows of a block; the last may have fewer. */
  R: number;
  blocks: number;
}

/**
 * How the rows of a batch are cut into blocks. They depend on the shape alone, never on the number of threads, and
 * each sums its own weight gradients: so results are the same bit for bit however many threads run them.
 */
export function blocksOf({ cell, B, I, H }: Pick<CallShape, "cell" | "B" | "I" | "H">): Blocks {
  // A block re-reads all weights every step and owns a copy of their gradients: few rows while that
  // is small, more when it is large; but of a small batch two threads shall have some each.
  const weightBytes = (I + H) * cellTable[cell].gates.length * H * 4;
  const least = B <= 8 ? 4 : weightBytes <= 1 << 19 ? 8 : 16;
  const R = Math.min(B, Math.max(least, 2 * Math.ceil(B / 16)));
  return { R, blocks: Math.ceil(B / R) };
}
