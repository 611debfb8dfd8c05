// The masks that Keras knows while it builds a graph. A layer whose call takes a mask is handed that one when
// the graph runs, whatever its input carries by then; it takes what the input carries where there is none.
// The two differ behind and within a model that is a layer of another: Keras builds that model from inputs
// that carry no masks, and knows none of what it puts out.

import { clone, type Tensor } from "@tensorflow/tfjs-core";
import { carriedMask, detached, type Mask } from "./carried-mask.ts";

/** Of the graph that runs: the masks of the tensors that carry others. */
let known = new WeakMap<Tensor, Tensor | undefined>();

/** The mask that Keras knows of what becomes **x**. */
export function graphMask(x: Tensor): Mask {
  return known.has(x) ? known.get(x) : carriedMask(x);
}

/** Notes those that **outputs** do not carry; they live as long as the scope of the call. */
export function noteGraphMasks(outputs: readonly Tensor[], masks: readonly Mask[]): void {
  for (const [i, y] of outputs.entries()) {
    const mask = masks[i];
    known.set(y, mask ? detached(() => clone(mask)) : undefined);
  }
}

/** Gives **copy** what is noted of **y**. */
export function copyGraphMask(y: Tensor, copy: Tensor): void {
  if (known.has(y)) known.set(copy, known.get(y));
}

/** Runs a model from **inputs**, of whose masks its graph knows nothing. */
export function inOwnGraph<Of>(inputs: readonly Tensor[], run: () => Of): Of {
  const outer = known;
  known = new WeakMap(inputs.filter(carriedMask).map((x) => [x, undefined]));
  try {
    return run();
  } finally {
    known = outer;
  }
}
