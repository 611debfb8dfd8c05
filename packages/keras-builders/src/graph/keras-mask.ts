// How layers of tfjs-layers treat masks in Keras 3: which pass them on, how those of several inputs
// are joined, and what is computed otherwise where steps are masked.

import { chosen } from "@rnnkit/fused-rnn";
import {
  any,
  cast,
  concat,
  div,
  expandDims,
  fill,
  logicalOr,
  ones,
  onesLike,
  sum,
  type Tensor,
  tidy,
  where,
  zeros,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { layers, Shape } from "@tensorflow/tfjs-layers";
import type { Mask } from "./carried-mask.ts";
import { mergeUnderMasks } from "./keras-merge.ts";
import { checkMask, type Kwargs } from "./layer-call.ts";
import { stepsOtherThan } from "./masked-steps.ts";
import { isTrained, normalizedBatch } from "./normalized-batch.ts";
import { isStepwise, perStep, stepsMask } from "./per-step.ts";
import { withKerasBidirectional, withKerasRnn } from "./stock-under-mask.ts";

type Layer = InstanceType<typeof layers.Layer>;
/** What tfjs-layers' layers hold and do not tell. */
type Inside = Layer & Record<string, unknown>;
type Call = (inputs: Tensor[], kwargs: Kwargs) => Tensor | Tensor[];
type ComputeMask = (inputs: Tensor[], masks: Mask[] | undefined) => Mask;

/** Pass masks on in Keras, end them in tfjs-layers. */
const passing = new Set(["LeakyReLU", "ELU", "Softmax", "Rescaling"]);

/** Are told the masks of all their inputs, and of the first alone the others. */
const merges = new Set(["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"]);

/** Take states beside their sequence, whose mask alone they are told. */
const recurrent = new Set(["SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional"]);

/** Whether a layer is told the masks of all its inputs, not the first one's alone. */
export function takesAllMasks(layer: Layer): boolean {
  return !recurrent.has(layer.getClassName());
}

/** Whose calls take a mask in Keras; the others' outputs carry what their inputs do. */
const reading = new Set([
  ...recurrent,
  "TimeDistributed",
  "BatchNormalization",
  "GlobalAveragePooling1D",
  "Softmax",
  "Attention",
  "AdditiveAttention",
]);

/** Whether a layer's call takes a mask in Keras. */
export function readsMask(layer: Layer): boolean {
  return reading.has(layer.getClassName());
}

/** Makes a layer of tfjs-layers treat masks as Keras 3 does. */
export function withKerasMasks(layer: Layer): Layer {
  const inside = layer as Inside;
  const className = layer.getClassName();
  if (passing.has(className)) layer.supportsMasking = true;
  const computeMask = computeMasks[className];
  if (computeMask) {
    (inside as { computeMask: unknown }).computeMask = (
      inputs: Tensor | Tensor[],
      masks?: Mask[],
    ) => computeMask(inside)([inputs].flat(), masks && [masks].flat());
  }
  const call = calls[className];
  if (call) {
    const kerasCall = call(inside, layer.call.bind(layer) as Call);
    layer.call = (inputs, kwargs) => kerasCall([inputs].flat(), kwargs);
  }
  return layer;
}

/** A step is kept where one of the inputs keeps it; unmasked inputs end the mask. */
const eitherMask: ComputeMask = (_, masks) => {
  if (!masks || masks.some((mask) => !mask)) return null;
  return (masks as Tensor[]).reduce((a, b) => logicalOr(a, b));
};

const joinedMask = (inputs: Tensor[], masks: Mask[] | undefined, axis: number): Tensor | null => {
  if (!masks?.some(Boolean)) return null;
  return tidy(() => {
    const wide = inputs.map((x, i) => {
      const mask = masks[i];
      if (!mask) return cast(onesLike(x), "bool");
      if (mask.rank === x.rank) return mask;
      return logicalOr(expandDims(mask, -1), cast(zerosLike(x), "bool"));
    });
    return any(concat(wide, axis), -1);
  });
};

/** What the mask of the output is, by class name, where tfjs-layers has another one. */
const computeMasks: Readonly<Record<string, (layer: Inside) => ComputeMask>> = {
  ...Object.fromEntries([...merges].map((name) => [name, () => eitherMask])),
  Concatenate: (layer) => (inputs, masks) => joinedMask(inputs, masks, layer.axis as number),
  Masking:
    (layer) =>
    ([x]) =>
      stepsOtherThan(x!, layer.maskValue as number),
  TimeDistributed: (layer) => (inputs, masks) => {
    const shape = inputs[0] && (layer.computeOutputShape(inputs[0].shape) as Shape);
    return stepsMask(masks?.[0], shape?.length);
  },
};

/** What is computed otherwise under masks, by class name. */
const calls: Readonly<Record<string, (layer: Inside, plain: Call) => Call>> = {
  ...Object.fromEntries(
    Object.entries(mergeUnderMasks).map(([name, merge]) => [
      name,
      (layer: Inside, plain: Call): Call =>
        (inputs, kwargs) => {
          const masks = masksOf(kwargs);
          if (!masks.some(Boolean)) return plain(inputs, kwargs);
          for (const [i, x] of inputs.entries()) if (masks[i]) checkMask(layer.name, masks[i], x);
          return tidy(() => merge(inputs, masks));
        },
    ]),
  ),
  GlobalAveragePooling1D: (layer, plain) => (inputs, kwargs) => {
    const [[x], [mask]] = [inputs as [Tensor], masksOf(kwargs)];
    if (!mask) return plain(inputs, kwargs);
    checkMask(layer.name, mask, x);
    return tidy(() => keptAverage(x, mask));
  },
  Softmax: (layer, plain) => (inputs, kwargs) => {
    const [[x], [mask]] = [inputs as [Tensor], masksOf(kwargs)];
    if (!mask) return plain(inputs, kwargs);
    checkElementsMask(layer.name, mask, x);
    return tidy(() => {
      // Without the mask, which tfjs-layers' own would lay over axes that are in another order.
      const others = { ...kwargs, mask: undefined };
      const y = plain([chosen(mask, x, fill(x.shape, lowest))], others) as Tensor;
      return chosen(mask, y);
    });
  },
  BatchNormalization: (layer, plain) => (inputs, kwargs) => {
    const [[x], [mask]] = [inputs as [Tensor], masksOf(kwargs)];
    if (mask) checkMask(layer.name, mask, x);
    if (!kwargs.training) return plain(inputs, kwargs);
    return isTrained(layer) ? normalizedBatch(layer, x, mask) : plain(inputs, {});
  },
  Masking: (layer) => (inputs, kwargs) => {
    const [x] = inputs as [Tensor];
    return tidy(() => {
      (layer as unknown as { invokeCallHook: Call }).invokeCallHook(inputs, kwargs);
      return chosen(expandDims(stepsOtherThan(x, layer.maskValue as number), -1), x);
    });
  },
  TimeDistributed: (layer) => {
    const part = layer.layer as Layer;
    let stepwise: boolean | undefined;
    return ([x], kwargs) => {
      stepwise ??= isStepwise(part);
      return tidy(() => perStep(layer.name, part, x!, kwargs, stepwise!));
    };
  },
  Bidirectional: withKerasBidirectional,
  ...Object.fromEntries(["SimpleRNN", "LSTM", "GRU", "RNN"].map((name) => [name, withKerasRnn])),
};

/** What Keras puts in place of masked elements before a softmax. */
const lowest = -1e9;

function masksOf({ mask }: Kwargs): Mask[] {
  return [mask as Mask | Mask[]].flat();
}

/** Σ m x / Σ m over time, [B, T, F] to [B, F]. */
function keptAverage(x: Tensor, mask: Tensor): Tensor {
  const isKept = expandDims(cast(mask, "bool"), -1);
  // Chosen, not cast: tfjs's webgpu adds up no integers along an inner axis, and a cast leaves them what they are.
  const kept = where(isKept, ones(isKept.shape), zeros(isKept.shape));
  return div(sum(where(isKept, x, zerosLike(x)), 1), sum(kept, 1));
}

/** Keras's Softmax asks of each element, not each step, whether it counts. */
function checkElementsMask(who: string, mask: Tensor, x: Tensor): void {
  const fits =
    mask.rank <= x.rank &&
    [...mask.shape].reverse().every((n, i) => n === 1 || n === x.shape[x.rank - 1 - i]);
  if (fits) return;
  throw new Error(
    `${who}: expected a mask of the elements of its input [${x.shape.join(", ")}], as Keras 3's Softmax does, got one of shape [${mask.shape.join(", ")}]; activation({ activation: "softmax" }) takes no mask and passes it on`,
  );
}

/** Whether masks begin in a layer, or in one of a model's. */
export function makesMask(layer: Layer): boolean {
  const { maskZero, layers: inner } = layer as unknown as { maskZero?: boolean; layers?: Layer[] };
  return maskZero === true || layer.getClassName() === "Masking" || (inner ?? []).some(makesMask);
}
