// A tensor carries its mask, as in Keras: what a layer puts out knows by itself which of its steps count.

import {
  cast,
  clone,
  customGrad,
  engine,
  keep,
  reverse,
  scalar,
  type Tensor,
  zerosLike,
} from "@tensorflow/tfjs-core";

/** [B, T] of bool, *true* for a step that counts; none where all do. */
export type Mask = Tensor | null | undefined;

/** tfjs has the place, and disposes a mask with its tensor; its own layers never read it. */
type Carrier = Tensor & { kerasMask?: Tensor | null };

/** The mask that a tensor carries: [B, T] of bool, *true* for a step that counts. */
export function carriedMask(x: Tensor): Tensor | undefined {
  const { kerasMask } = x as Carrier;
  return kerasMask && !kerasMask.isDisposed ? kerasMask : undefined;
}

/**
 * Gives **y** a copy of a mask, as bool. It lives as long as y does, whatever tidy it was made in, and no
 * gradient goes through it, whatever it was made of.
 */
export function carryMask(y: Tensor, mask: Tensor): void {
  const carrier = y as Carrier;
  const isBool = mask.dtype === "bool";
  const copy = keep(detached(() => (isBool ? clone(mask) : cast(mask, "bool"))));
  carrier.kerasMask?.dispose();
  carrier.kerasMask = copy;
}

/** A mask read backwards. tfjs's wasm backend reverses 4 bytes for every element; a bool has 1. */
export function reversedMask(mask: Tensor): Tensor {
  return cast(reverse(cast(mask, "int32"), 1), "bool");
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
