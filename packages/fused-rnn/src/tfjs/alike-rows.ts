// Which outputs have rows that begin alike wherever some ids do: those of a recurrence over a lookup, and of one over
// such outputs. A stack of layers then does the padding before short texts once in each.

import { engine, type Tensor, Variable } from "@tensorflow/tfjs-core";
import type { RecurrentCall } from "../check-call.ts";

interface Recorded {
  ids: Tensor;
  /** What tfjs recorded for a gradient at the time; null: nothing. */
  tape: object | null;
}

const recorded = new WeakMap<Tensor, Recorded>();

/** Whether rows that begin alike are worked out alike: nothing is a row's own. */
export function staysAlike({ shape, inputs }: Pick<RecurrentCall, "shape" | "inputs">): boolean {
  return !inputs.h0 && !shape.masked && shape.dropoutVariants === 0;
}

/**
 * Records what the outputs of a call begin alike with; not inside a gradient of a gradient or a custom gradient,
 * where nobody can tell what else they are for, nor by a variable, which may change.
 */
export function recordPrefix(call: RecurrentCall, outputs: Tensor): void {
  const ids = call.inputs.ids ?? call.inputs.prefixIds;
  // Of a reversed direction, outputs end alike.
  if (!ids || ids instanceof Variable || call.shape.goBackwards || !staysAlike(call)) return;
  const { activeTape, gradientDepth, kernelDepth } = engine().state;
  if (gradientDepth > 1 || kernelDepth > 0) return;
  recorded.set(outputs, { ids, tape: gradientDepth === 1 ? activeTape : null });
}

/**
 * What rows of **x** begin alike with, where its own gradient cannot be wanted: where nothing is recorded, or x was
 * made in the same gradient scope, so that its gradient only passes through it to what it was made from. A gradient
 * in x itself, as for a saliency map, has x from outside its scope.
 */
export function prefixOf(x: Tensor): Tensor | undefined {
  const known = recorded.get(x);
  if (!known || known.ids.isDisposed) return undefined;
  const { activeTape, gradientDepth } = engine().state;
  const passing = gradientDepth === 1 && known.tape === activeTape;
  return gradientDepth === 0 || passing ? known.ids : undefined;
}
