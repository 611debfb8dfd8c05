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
import { type LayersModel, type layers, Sequential } from "@tensorflow/tfjs-layers";
import { mergesUnderMasks, withMergedCall } from "./keras-merge.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Masks = (Tensor | null | undefined)[];
type ComputeMask = (inputs: Tensor[], masks: Masks | null) => Tensor | null;

const merges = new Set(["Add", "Multiply", "Average", "Maximum", "Minimum"]);

/**
 * Makes a layer of tfjs-layers treat masks as Keras 3 does: which layers pass them on, how those of
 * several inputs are joined, and that an average over time leaves masked steps out.
 */
export function withKerasMasks(layer: Layer, passesMask: boolean): Layer {
  const className = layer.getClassName();
  const target = layer as unknown as { computeMask: ComputeMask; call: Layer["call"] };
  if (passesMask) layer.supportsMasking = true;
  if (merges.has(className)) target.computeMask = eitherMask;
  if (mergesUnderMasks.has(className)) withMergedCall(layer);
  if (className === "Concatenate") {
    const { axis } = layer as unknown as { axis: number };
    target.computeMask = (inputs, masks) => joinedMask(inputs, masks, axis);
  }
  if (className === "GlobalAveragePooling1D") {
    const { call } = target;
    target.call = (inputs, kwargs) =>
      kwargs.mask
        ? keptAverage([inputs].flat()[0]!, kwargs.mask)
        : call.call(layer, inputs, kwargs);
  }
  // tfjs hands one kwargs object to all layers of a model, and a mask once set stays in it.
  const apply = layer.apply.bind(layer);
  layer.apply = (inputs, kwargs = {}) => {
    const outputs = apply(inputs, kwargs);
    if (Array.isArray(inputs)) delete kwargs.mask;
    return outputs;
  };
  return layer;
}

/** A step is kept where one of the inputs keeps it; unmasked inputs end the mask. */
const eitherMask: ComputeMask = (_, masks) => {
  if (!masks || masks.some((mask) => mask == null)) return null;
  return tidy(() =>
    (masks as Tensor[]).map((mask) => onesOf(mask)).reduce((a, b) => logicalOr(a, b)),
  );
};

/** A copy: a mask that is two entries' is disposed twice. */
const onesOf = (mask: Tensor): Tensor => logicalOr(mask, zerosLike(mask));

function joinedMask(inputs: Tensor[], masks: Masks | null, axis: number): Tensor | null {
  if (!masks || masks.every((mask) => mask == null)) return null;
  return tidy(() => {
    const wide = inputs.map((x, i) => {
      const mask = masks[i] ?? null;
      if (!mask) return cast(onesLike(x), "bool");
      if (mask.rank === x.rank) return mask;
      return logicalOr(expandDims(mask, -1), cast(zerosLike(x), "bool"));
    });
    return any(concat(wide, axis), -1);
  });
}

/** Σ m x / Σ m over time, [B, T, F] to [B, F]. */
function keptAverage(x: Tensor, mask: Tensor): Tensor {
  return tidy(() => {
    const kept = expandDims(cast(mask, "float32"), -1);
    return div(sum(where(cast(kept, "bool"), x, zerosLike(x)), 1), sum(kept, 1));
  });
}

interface Graph {
  call: Layer["call"];
  computeMask: (inputs: Tensor | Tensor[], masks?: Masks | Tensor | null) => unknown;
  nodesByDepth: Record<string, { callArgs?: object }[]>;
  runInternalGraph(inputs: Tensor[], masks: Masks): [Tensor[], Masks, unknown];
}

/**
 * Makes a model that is a layer of another hand masks to its layers and theirs on, as in Keras, where a
 * tensor carries its mask through any number of models.
 */
export function nested(model: LayersModel): LayersModel {
  const graph = model as unknown as Graph;
  const { call } = graph;
  // Made by tfjs only when it is called first.
  if (model instanceof Sequential) model.build();
  model.supportsMasking = true;
  for (const input of model.inputLayers) input.supportsMasking = true;
  // A layer without masks ends them, also where tfjs throws.
  for (const layer of model.layers) {
    if (!layer.supportsMasking) layer.computeMask = () => null as never;
  }
  const isMasked = (mask: Masks | Tensor | null | undefined): boolean =>
    [mask].flat().some((each) => each != null);
  graph.call = (inputs, kwargs) => {
    const mask = kwargs.mask as Masks | Tensor | null | undefined;
    if (!isMasked(mask)) return call.call(model, inputs, kwargs);
    return tidy(() => {
      withoutArguments(graph, { training: kwargs.training });
      const [outputs] = graph.runInternalGraph([inputs].flat(), [mask].flat());
      return outputs.length === 1 ? outputs[0]! : outputs;
    });
  };
  const { computeMask } = graph;
  graph.computeMask = (inputs, masks) => {
    const some = isMasked(masks) || model.layers.some(makesMask);
    if (some) withoutArguments(graph, {});
    const found = some ? (computeMask.call(graph, inputs, masks) as Masks) : [];
    const all = model.outputs.map((_, i) => found[i] ?? null);
    return all.length === 1 ? all[0] : all;
  };
  return model;
}

/** tfjs leaves the masks of one run in the graph, for the next to find them disposed. */
function withoutArguments(graph: Graph, args: object): void {
  for (const node of Object.values(graph.nodesByDepth).flat()) node.callArgs = { ...args };
}

/** Whether masks begin in a layer, or in one of a model's. */
export function makesMask(layer: Layer): boolean {
  const { maskZero, layers: inner } = layer as unknown as { maskZero?: boolean; layers?: Layer[] };
  return maskZero === true || layer.getClassName() === "Masking" || (inner ?? []).some(makesMask);
}

/**
 * Makes a recurrent layer leave the mask out where initial states are given. Keras 3 hands a layer its
 * input's mask only while the input is its one tensor; the mask goes on behind the layer all the same.
 */
export function unmaskedWithStates(layer: Layer): void {
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) =>
    call(inputs, Array.isArray(inputs) && inputs.length > 1 ? { ...kwargs, mask: null } : kwargs);
}
