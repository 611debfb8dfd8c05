// Which sequences follow tokens: as a table's vectors, looked up, or as a recurrence over such. The fused operations
// work out once what tokens say is the same: padding before short texts, and a word that comes again.

import { engine, type Tensor } from "@tensorflow/tfjs-core";

/** What the fused operations take of a sequence that follows tokens. */
export interface Followed {
  /** [B, T]: rows of the sequence are alike for as long as rows of these are. */
  tokens: Tensor;
  /** Steps of one token are alike wherever they stand. */
  lookedUp: boolean;
}

interface Noted extends Followed {
  /** What tfjs recorded for a gradient at the time, and how many scopes deep. */
  tape: unknown;
  depth: number;
}

const noted = new WeakMap<Tensor, Noted>();

/** Notes that **sequence** [B, T, I] follows **tokens**. */
export function noteTokens(sequence: Tensor, tokens: Tensor, lookedUp: boolean): void {
  const { activeTape: tape, gradientDepth: depth } = engine().state;
  noted.set(sequence, { tokens, lookedUp, tape, depth });
}

/**
 * What **x** follows, where its own gradient cannot be wanted: where nothing is recorded, or x was made in the same
 * gradient scope, so that its gradient only passes through it to the table. A gradient in x itself, as for a
 * saliency map, has x from outside its scope.
 */
export function tokensOf(x: Tensor): Followed | undefined {
  const known = noted.get(x);
  if (!known || known.tokens.isDisposed) return undefined;
  const { tokens, lookedUp, tape, depth } = known;
  const { activeTape, gradientDepth } = engine().state;
  const passing = tape === activeTape && depth === gradientDepth;
  return gradientDepth === 0 || passing ? { tokens, lookedUp } : undefined;
}
