// Which sequences an Embedding has looked up: a recurrent layer behind it hands its operation the ids and the table in
// their place, and the gradient is the table's.

import { createTensorNotes, type TensorNotes, type TokenLookup } from "@rnnkit/fused-rnn";
import { type Tensor, Variable } from "@tensorflow/tfjs-core";

interface Lookup extends TokenLookup {
  /** The table's numbers at the time: an assignment gives it others. */
  numbers: object;
}

const lookups: TensorNotes<Lookup> = createTensorNotes();

/** Notes that **vectors** [B, T, I] are rows of a table; not by ids in a variable, which may change. */
export function recordLookup(vectors: Tensor, { ids, table }: TokenLookup): void {
  if (!(ids instanceof Variable)) lookups.set(vectors, { ids, table, numbers: table.dataId });
}

/** The lookup that **x** is, where x's own gradient cannot be wanted. */
export function lookupOf(x: Tensor): TokenLookup | undefined {
  const known = lookups.get(x);
  if (!known) return undefined;
  const { ids, table, numbers } = known;
  const stands = !ids.isDisposed && !table.isDisposed && table.dataId === numbers;
  return stands ? { ids, table } : undefined;
}
