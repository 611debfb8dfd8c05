import { clone, keep, type Tensor } from "@tensorflow/tfjs-core";

/**
 * What tensors hold at one moment: a file is written bit by bit, and a training that goes on meanwhile would give it
 * the weights of one step and the optimizer's state of another. Nothing is copied until a variable is assigned.
 */
export interface HeldTensors {
  /** A tensor with what **tensor**, a variable too, held when it was first asked for. */
  hold(tensor: Tensor): Tensor;
  /** Lets go of all. */
  release(): void;
}

export function heldTensors(): HeldTensors {
  const held = new Map<Tensor, Tensor>();
  return {
    hold(tensor) {
      const known = held.get(tensor);
      if (known) return known;
      // Whoever called may have done so in a tidy.
      const copy = keep(clone(tensor));
      held.set(tensor, copy);
      return copy;
    },
    release() {
      for (const copy of held.values()) copy.dispose();
      held.clear();
    },
  };
}
