// Which sequences follow tokens: as a table's vectors, looked up, or as a recurrence over such. The fused operations
// work out once what tokens say is the same: padding before short texts, and a word that comes again.

import { engine, type Tensor, Variable } from "@tensorflow/tfjs-core";

/** What the fused operations take of a sequence that follows tokens. */
export interface Followed {
  /** [B, T]: rows of the sequence are alike for as long as rows of these are. */
  tokens: Tensor;
  /** Steps of one token are alike wherever they stand. */
  lookedUp: boolean;
}

interface Noted extends Followed {
  /** What tfjs recorded for a gradient at the time; null: nothing. */
  tape: object | null;
}

const noted = new WeakMap<Tensor, Noted>();

/**
 * Notes that **sequence** [B, T, I] follows **tokens**; not inside a gradient of a gradient or a custom gradient,
 * where nobody can tell what else it is for, nor of a variable, which may change.
 */
export function noteTokens(sequence: Tensor, tokens: Tensor, lookedUp: boolean): void {
  const { activeTape, gradientDepth, kernelDepth } = engine().state;
  if (gradientDepth > 1 || kernelDepth > 0 || tokens instanceof Variable) return;
  noted.set(sequence, { tokens, lookedUp, tape: gradientDepth === 1 ? activeTape : null });
}

/**
 * What **x** follows, where its own gradient cannot be wanted: where nothing is recorded, or x was made in the same
 * gradient scope, so that its gradient only passes through it to the table. A gradient in x itself, as for a
 * saliency map, has x from outside its scope.
 */
export function tokensOf(x: Tensor): Followed | undefined {
  const known = noted.get(x);
  if (!known || known.tokens.isDisposed) return undefined;
  const { tokens, lookedUp, tape } = known;
  const { activeTape, gradientDepth } = engine().state;
  const passing = gradientDepth === 1 && tape === activeTape;
  return gradientDepth === 0 || passing ? { tokens, lookedUp } : undefined;
}
