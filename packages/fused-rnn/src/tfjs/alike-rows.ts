// Which outputs have rows that begin alike wherever some ids do: those of a recurrence over a lookup, and of one over
// such outputs. A stack of layers then does the padding before short texts once in each.

import { type Tensor, Variable } from "@tensorflow/tfjs-core";
import type { RecurrentCall } from "../check-call.ts";
import { createTensorNotes, type TensorNotes } from "./tensor-notes.ts";

const prefixes: TensorNotes<Tensor> = createTensorNotes();

/** Whether rows that begin alike are worked out alike: nothing is a row's own. */
export function staysAlike({ shape, inputs }: Pick<RecurrentCall, "shape" | "inputs">): boolean {
  return !inputs.h0 && !shape.masked && shape.dropoutVariants === 0;
}

/** Notes what the outputs of a call begin alike with; not by a variable, which may change. */
export function recordPrefix(call: RecurrentCall, outputs: Tensor): void {
  const ids = call.inputs.ids ?? call.inputs.prefixIds;
  const { goBackwards, reverseOutputs } = call.shape;
  // Of a reversed direction, outputs end alike.
  if (!ids || ids instanceof Variable || goBackwards || reverseOutputs || !staysAlike(call)) return;
  prefixes.set(outputs, ids);
}

/** What rows of **x** begin alike with, where x's own gradient cannot be wanted. */
export function prefixOf(x: Tensor): Tensor | undefined {
  const ids = prefixes.get(x);
  return ids?.isDisposed ? undefined : ids;
}
