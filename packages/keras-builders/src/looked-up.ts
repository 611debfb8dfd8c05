// Which sequences an Embedding has looked up: a recurrent layer behind it hands its operation the ids and the table in
// their place, and the gradient is the table's.

import type { TokenLookup } from "@rnnkit/fused-rnn";
import { engine, type Tensor, Variable } from "@tensorflow/tfjs-core";

interface Recorded extends TokenLookup {
  /** The table's numbers at the time: an assignment gives it others. */
  numbers: object;
  /** What tfjs recorded for a gradient at the time; null: nothing. */
  tape: object | null;
}

const recorded = new WeakMap<Tensor, Recorded>();

/**
 * Records that **vectors** [B, T, I] are rows of a table; not inside a gradient of a gradient or a custom gradient,
 * where nobody can tell what else they are for, nor of ids in a variable, which may change.
 */
export function recordLookup(vectors: Tensor, { ids, table }: TokenLookup): void {
  const { activeTape, gradientDepth, kernelDepth } = engine().state;
  if (gradientDepth > 1 || kernelDepth > 0 || ids instanceof Variable) return;
  const tape = gradientDepth === 1 ? activeTape : null;
  recorded.set(vectors, { ids, table, numbers: table.dataId, tape });
}

/**
 * The lookup that **x** is, where x's own gradient cannot be wanted: where nothing is recorded, or x was made in the
 * same gradient scope, so that its gradient only passes through it to the table. A gradient in x itself, as for a
 * saliency map, has x from outside its scope.
 */
export function lookupOf(x: Tensor): TokenLookup | undefined {
  const known = recorded.get(x);
  if (!known) return undefined;
  const { ids, table, numbers, tape } = known;
  if (ids.isDisposed || table.isDisposed || table.dataId !== numbers) return undefined;
  const { activeTape, gradientDepth } = engine().state;
  const passing = gradientDepth === 1 && tape === activeTape;
  return gradientDepth === 0 || passing ? { ids, table } : undefined;
}
