// Which tensors are known to follow tokens: the outputs of Embedding, and what recurrences say of theirs. What a
// layer may conclude from it is the fused operations' to decide.

import type { TokenSource } from "@rnnkit/fused-rnn";
import { engine, type Tensor, Variable } from "@tensorflow/tfjs-core";

interface Recorded {
  source: TokenSource;
  /** What tfjs recorded for a gradient at the time; null: nothing. */
  tape: object | null;
}

const recorded = new WeakMap<Tensor, Recorded>();

/**
 * Records what **sequence** [B, T, I] was made from; not inside a gradient of a gradient or a custom gradient,
 * where nobody can tell what else it is for, nor of a variable, which may change.
 */
export function recordSource(sequence: Tensor, source: TokenSource): void {
  const { activeTape, gradientDepth, kernelDepth } = engine().state;
  if (gradientDepth > 1 || kernelDepth > 0 || source.tokens instanceof Variable) return;
  recorded.set(sequence, { source, tape: gradientDepth === 1 ? activeTape : null });
}

/**
 * What **x** was made from, where its own gradient cannot be wanted: where nothing is recorded, or x was made in
 * the same gradient scope, so that its gradient only passes through it to the table. A gradient in x itself, as
 * for a saliency map, has x from outside its scope.
 */
export function sourceOf(x: Tensor): TokenSource | undefined {
  const known = recorded.get(x);
  if (!known || known.source.tokens.isDisposed) return undefined;
  const { activeTape, gradientDepth } = engine().state;
  const passing = gradientDepth === 1 && known.tape === activeTape;
  return gradientDepth === 0 || passing ? known.source : undefined;
}
