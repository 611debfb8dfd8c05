// TimeDistributed: one layer for every step of a sequence.

import { any, reshape, stack, type Tensor, unstack } from "@tensorflow/tfjs-core";
import type { layers, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { shapeText } from "../shape.ts";
import { carryMask } from "./carried-mask.ts";
import { type Kwargs, maskOf } from "./layer-call.ts";

type Layer = InstanceType<typeof layers.Layer>;
/** What tfjs-layers has and does not tell. */
interface Inside {
  layers?: Layer[];
  layer?: Layer;
  inputs?: SymbolicTensor[];
}
const inside = (layer: Layer): Inside => layer as unknown as Inside;

/**
 * What **layer** makes of every step of [B, T, ...]: of all in one call of [B·T, ...] rows, or step by step
 * where rows matter to one another (**stepwise**). Each call has its steps' mask, [B·T, ...] or [B, ...].
 */
export function perStep(
  who: string,
  layer: Layer,
  x: Tensor,
  kwargs: Kwargs,
  stepwise: boolean,
): Tensor {
  const mask = maskOf(kwargs);
  const [B, T, ...rest] = x.shape as [number, number, ...number[]];
  if (mask && !(mask.shape[0] === B && mask.shape[1] === T)) {
    throw new Error(
      `${who}: expected a mask of shape [${B}, ${T}, ...] as the input's, got ${shapeText(mask.shape)}`,
    );
  }
  if (stepwise) {
    const masks = mask && stepsOf(mask);
    return stack(
      stepsOf(x).map((step, t) => calledPart(who, layer, step, masks?.[t], kwargs)),
      1,
    );
  }
  const rows = mask && reshape(mask, [B * T, ...mask.shape.slice(2)]);
  const all = calledPart(who, layer, reshape(x, [B * T, ...rest]), rows, kwargs);
  return reshape(all, [B, T, ...all.shape.slice(1)]);
}

/** `unstack` on axis 1; the gradient of tfjs's own fails for a single part. */
function stepsOf(x: Tensor): Tensor[] {
  const [B, T, ...rest] = x.shape as [number, number, ...number[]];
  return T === 1 ? [reshape(x, [B, ...rest])] : unstack(x, 1);
}

/** As Keras calls it: a layer's own activity regularizer counts in no call from here, a model's do. */
function calledPart(
  who: string,
  layer: Layer,
  x: Tensor,
  mask: Tensor | undefined,
  kwargs: Kwargs,
): Tensor {
  const { mask: own, ...others } = kwargs;
  let outputs: Tensor[];
  if (inside(layer).layers) {
    if (mask) carryMask(x, mask);
    // The very object, by which the model's layers know one forward pass.
    delete kwargs.mask;
    try {
      outputs = [layer.call(x, kwargs)].flat();
    } finally {
      if (own !== undefined) kwargs.mask = own;
    }
  } else {
    outputs = [layer.call(x, { ...others, mask, countActivity: false })].flat();
  }
  if (outputs.length === 1) return outputs[0]!;
  throw new Error(`${who}: expected a layer of one output, got ${outputs.length}`);
}

/**
 * Whether the rows of a batch matter to one another: Keras calls the layer once for every step, so
 * statistics, states and shared noise are of one step's batch.
 */
export function isStepwise(layer: Layer): boolean {
  const { layers: parts, layer: wrapped, inputs } = inside(layer);
  const config = parts ? {} : layer.getConfig();
  return (
    layer.getClassName() === "BatchNormalization" ||
    layer.stateful ||
    inputs?.[0]?.shape[0] != null ||
    config.noiseShape != null ||
    config.activityRegularizer != null ||
    (parts ?? (wrapped ? [wrapped] : [])).some(isStepwise)
  );
}

/**
 * The mask of an output of **rank** axes: of those that it has left, a step is kept where any of what was
 * in it is, as on Keras's JAX.
 */
export function stepsMask(
  mask: Tensor | null | undefined,
  rank: number | undefined,
): Tensor | null {
  const gone = mask && rank !== undefined ? mask.rank - (rank - 1) : 0;
  return gone > 0 ? any(mask!, [...mask!.shape.keys()].slice(-gone)) : (mask ?? null);
}
