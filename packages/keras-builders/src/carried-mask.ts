// A tensor carries its mask, as in Keras: what a layer puts out knows by itself which of its steps count.

import {
  clone,
  customGrad,
  engine,
  keep,
  scalar,
  type Tensor,
  zerosLike,
} from "@tensorflow/tfjs-core";

/** tfjs has the place, and disposes a mask with its tensor; its own layers never read it. */
type Carrier = Tensor & { kerasMask?: Tensor | null };

/** The mask that a tensor carries: [B, T] of bool, *true* for a step that counts. */
export function carriedMask(x: Tensor): Tensor | undefined {
  const { kerasMask } = x as Carrier;
  return kerasMask && !kerasMask.isDisposed ? kerasMask : undefined;
}

/** Gives **y** a copy of a mask. It lives as long as y does, whatever tidy it was made in. */
export function carryMask(y: Tensor, mask: Tensor): void {
  const carrier = y as Carrier;
  carrier.kerasMask?.dispose();
  carrier.kerasMask = keep(clone(mask));
}

/**
 * What **make** gives, outside of any gradient: a mask is read off a tensor, and no function of it that
 * a gradient could go through.
 */
export function detached(make: () => Tensor): Tensor {
  if (!engine().isTapeOn()) return make();
  return customGrad((none) => ({
    value: make(),
    gradFunc: () => zerosLike(none as Tensor),
  }))(scalar(0));
}
