// How layers of tfjs-layers treat masks in Keras 3: which pass them on, how those of several inputs
// are joined, and what is computed otherwise where steps are masked.

import {
  any,
  cast,
  concat,
  div,
  expandDims,
  logicalOr,
  onesLike,
  sum,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { detached } from "./carried-mask.ts";
import { mergeUnderMasks } from "./keras-merge.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Mask = Tensor | null | undefined;
type ComputeMask = (inputs: Tensor[], masks: Mask[] | undefined) => Tensor | null;

/** Pass masks on in Keras, end them in tfjs-layers. */
const passing = new Set(["LeakyReLU", "ELU", "Softmax", "Rescaling"]);

const merges = new Set(["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"]);

/** Whether a layer is told the masks of all its inputs, not the first one's alone. */
export function takesAllMasks(layer: Layer): boolean {
  return merges.has(layer.getClassName());
}

/** Makes a layer of tfjs-layers treat masks as Keras 3 does. */
export function withKerasMasks(layer: Layer): Layer {
  const className = layer.getClassName();
  const target = layer as unknown as { computeMask: ComputeMask; call: Layer["call"] };
  if (passing.has(className)) layer.supportsMasking = true;
  if (className === "Concatenate") {
    const { axis } = layer as unknown as { axis: number };
    target.computeMask = (inputs, masks) => joinedMask(inputs, masks, axis);
  } else if (merges.has(className)) {
    target.computeMask = eitherMask;
  }
  const call = callUnderMasks[className];
  if (call) {
    const plain = target.call.bind(layer);
    target.call = (inputs, kwargs) => {
      const masks = [kwargs.mask as Mask | Mask[]].flat();
      if (!masks.some(Boolean)) return plain(inputs, kwargs);
      return tidy(() => call([inputs].flat(), masks));
    };
  }
  return layer;
}

/** What depends on masks, by class name. */
const callUnderMasks: Readonly<
  Record<string, (inputs: Tensor[], masks: readonly Mask[]) => Tensor>
> = {
  ...mergeUnderMasks,
  GlobalAveragePooling1D: ([x], [mask]) => keptAverage(x!, mask!),
};

/** A step is kept where one of the inputs keeps it; unmasked inputs end the mask. */
const eitherMask: ComputeMask = (_, masks) => {
  if (!masks || masks.some((mask) => !mask)) return null;
  return (masks as Tensor[]).reduce((a, b) => logicalOr(a, b));
};

const joinedMask = (inputs: Tensor[], masks: Mask[] | undefined, axis: number): Tensor | null => {
  if (!masks?.some(Boolean)) return null;
  return detached(() =>
    tidy(() => {
      const wide = inputs.map((x, i) => {
        const mask = masks[i];
        if (!mask) return cast(onesLike(x), "bool");
        if (mask.rank === x.rank) return mask;
        return logicalOr(expandDims(mask, -1), cast(zerosLike(x), "bool"));
      });
      return any(concat(wide, axis), -1);
    }),
  );
};

/** Σ m x / Σ m over time, [B, T, F] to [B, F]. */
function keptAverage(x: Tensor, mask: Tensor): Tensor {
  const kept = expandDims(cast(mask, "float32"), -1);
  return div(sum(where(cast(kept, "bool"), x, zerosLike(x)), 1), sum(kept, 1));
}

/** Whether masks begin in a layer, or in one of a model's. */
export function makesMask(layer: Layer): boolean {
  const { maskZero, layers: inner } = layer as unknown as { maskZero?: boolean; layers?: Layer[] };
  return maskZero === true || layer.getClassName() === "Masking" || (inner ?? []).some(makesMask);
}
