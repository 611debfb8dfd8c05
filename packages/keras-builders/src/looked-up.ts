// Which sequences are tokens looked up in a table. Rows of them that begin with the same tokens, as with padding
// before short texts, have the same states until they part: the fused operations work those out once.

import { engine, type Tensor } from "@tensorflow/tfjs-core";

interface Lookup {
  tokens: Tensor;
  /** What tfjs recorded for a gradient at the time, and how many scopes deep. */
  tape: unknown;
  depth: number;
}

const lookups = new WeakMap<Tensor, Lookup>();

/** Notes that rows of **sequence** [B, T, I] are alike for as long as those of **tokens** [B, T] are. */
export function noteLookup(sequence: Tensor, tokens: Tensor): void {
  const { activeTape: tape, gradientDepth: depth } = engine().state;
  lookups.set(sequence, { tokens, tape, depth });
}

/**
 * The tokens that **x** follows, where its own gradient cannot be wanted: where nothing is recorded, or x was
 * made in the same gradient scope, so that its gradient only passes through it to the table. A gradient in x
 * itself, as for a saliency map, has x from outside its scope.
 */
export function tokensOf(x: Tensor): Tensor | undefined {
  const lookup = lookups.get(x);
  if (!lookup || lookup.tokens.isDisposed) return undefined;
  const { activeTape, gradientDepth } = engine().state;
  const passing = lookup.tape === activeTape && lookup.depth === gradientDepth;
  return gradientDepth === 0 || passing ? lookup.tokens : undefined;
}
