// Merges of tfjs-layers under masks, as Keras 3 computes them.

import { chosen } from "@rnnkit/fused-rnn";
import {
  expandDims,
  logicalOr,
  maximum,
  minimum,
  mul,
  onesLike,
  reshape,
  type Tensor,
} from "@tensorflow/tfjs-core";
import type { Mask } from "./carried-mask.ts";

type Merge = (inputs: Tensor[], masks: Mask[]) => Tensor;

/** What Keras 3 leaves masked steps out of, by class name: 1 in a product, the other's value where one is larger. */
export const mergeUnderMasks: Readonly<
  Record<string, (inputs: Tensor[], masks: readonly Mask[]) => Tensor>
> = {
  Multiply: underMasks(product),
  Maximum: underMasks((inputs, masks) => extreme(maximum, inputs, masks)),
  Minimum: underMasks((inputs, masks) => extreme(minimum, inputs, masks)),
};

/** An input of fewer axes than the others stands at each of their steps, and is masked at none. */
function underMasks(merge: Merge): (inputs: Tensor[], masks: readonly Mask[]) => Tensor {
  return (inputs, masks) => {
    const rank = Math.max(...inputs.map((x) => x.rank));
    return merge(
      inputs.map((x) => ofRank(rank, x)),
      inputs.map((x, i) => (x.rank === rank && masks[i] ? expandDims(masks[i], -1) : undefined)),
    );
  };
}

/** Axes of one before those of each example. */
export function ofRank(rank: number, x: Tensor): Tensor {
  const [B, ...rest] = x.shape;
  return x.rank === rank ? x : reshape(x, [B!, ...Array<number>(rank - x.rank).fill(1), ...rest]);
}

function product(inputs: Tensor[], masks: Mask[]): Tensor {
  const y = inputs
    .map((x, i) => (masks[i] ? chosen(masks[i], x, onesLike(x)) : x))
    .reduce((a, b) => mul(a, b));
  if (!masks.every(Boolean)) return y;
  return chosen(
    (masks as Tensor[]).reduce((a, b) => logicalOr(a, b)),
    y,
  );
}

function extreme(pick: typeof maximum, inputs: Tensor[], masks: Mask[]): Tensor {
  let [y, kept] = [inputs[0]!, masks[0]];
  for (const [i, given] of inputs.entries()) {
    if (i === 0) continue;
    const mask = masks[i];
    const x = mask ? chosen(mask, given, y) : given;
    if (kept) y = chosen(kept, y, x);
    kept = mask && kept ? logicalOr(kept, mask) : undefined;
    y = pick(y, x);
  }
  return y;
}
