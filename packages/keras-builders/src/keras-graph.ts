// Layers of one graph treat masks, and what tfjs-layers computes otherwise, as Keras does: ours, and the
// layers of tfjs-layers and of users that are joined to them in a model, before them and behind.

import { clone, keep, serialization, Tensor, tidy } from "@tensorflow/tfjs-core";
import { type LayersModel, type layers, Sequential } from "@tensorflow/tfjs-layers";
import { checkCallInputs } from "./call-inputs.ts";
import { carriedMask, carryMask } from "./carried-mask.ts";
import { takesAllMasks, withKerasMasks } from "./keras-mask.ts";
import type { Inputs, Kwargs } from "./layer-call.ts";
import { withKerasCall } from "./stock-call.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Mask = Tensor | null | undefined;
type Node = Layer["inboundNodes"][number];

const joined = new WeakSet<Layer>();

/** Whether a layer's numbers are Keras's in a model: it is of this package, or joined to one that is. */
export function isKerasLayer(layer: Layer): boolean {
  return joined.has(layer);
}

/** Whether a model has such a layer, in models that are layers of it too. */
export function isKerasModel(model: { layers: Layer[] }): boolean {
  return model.layers.some(
    (layer) => isKerasLayer(layer) || (isModel(layer) && isKerasModel(layer)),
  );
}

/**
 * Makes a layer, and every layer that is or will be joined to it in a graph, carry masks from tensor to
 * tensor as Keras does: a mask reaches each layer that reads what it belongs to, passes through those
 * that pass it on in Keras, and ends in the others.
 *
 * tfjs-layers hands a mask on beside the tensors, the first input's only, the same for all outputs of a
 * layer, and leaves it where later layers find it.
 */
export function inKerasGraph<Of extends Layer>(layer: Of): Of {
  if (joined.has(layer)) return layer;
  joined.add(layer);
  if (isModel(layer)) joinModel(layer);
  else if (isStock(layer)) withKerasMasks(withKerasCall(layer));
  carryMasks(layer);
  for (const nodes of [layer.inboundNodes, layer.outboundNodes]) joinNeighbours(nodes);
  return layer;
}

/** What tfjs-layers puts into the list of a layer's connections is joined, now and later. */
function joinNeighbours(nodes: Node[]): void {
  const join = ({ outboundLayer, inboundLayers }: Node): void => {
    for (const layer of [outboundLayer, ...inboundLayers]) if (layer) inKerasGraph(layer);
  };
  const push = (...added: Node[]): number => {
    added.forEach(join);
    return Array.prototype.push.apply(nodes, added);
  };
  Object.defineProperty(nodes, "push", { value: push });
  nodes.forEach(join);
}

function isModel(layer: Layer): layer is Layer & LayersModel {
  return "containerNodes" in layer;
}

/** A class of a user's own may have the name of one of tfjs-layers'. */
function isStock(layer: Layer): boolean {
  const { classNameMap } = serialization.SerializationMap.getMap();
  return classNameMap[layer.getClassName()]?.[0] === (layer.constructor as unknown);
}

/** The layers of a model that is a layer of another go on from what its inputs carry. */
function joinModel(model: Layer & LayersModel): void {
  // Made by tfjs only when it is called first.
  if (model instanceof Sequential) model.build();
  for (const layer of [...model.inputLayers, ...model.layers]) inKerasGraph(layer);
  model.supportsMasking = true;
  model.computeMask = (inputs, masks) => {
    const given = withMasks([inputs].flat(), [masks].flat());
    const found: (Tensor | null)[] = [];
    tidy(() => {
      for (const y of [model.call(given, {})].flat()) {
        const mask = carriedMask(y);
        found.push(mask ? keep(clone(mask)) : null);
      }
    });
    return (found.length === 1 ? found[0] : found) as Tensor;
  };
}

/** Tensors that carry these masks: copies where they carry others. */
function withMasks(inputs: Tensor[], masks: Mask[]): Tensor[] {
  return inputs.map((x, i) => {
    const mask = masks[i];
    if (!mask || mask === carriedMask(x)) return x;
    const copy = clone(x);
    carryMask(copy, mask);
    return copy;
  });
}

/** What tfjs-layers has of a layer and does not tell. */
interface Inside {
  apply(inputs: Inputs, kwargs?: Kwargs): ReturnType<Layer["apply"]>;
  computeMask(inputs: unknown, masks: unknown): Mask | Mask[];
  setMaskMetadata(): void;
}

function carryMasks(layer: Layer): void {
  const inside = layer as unknown as Inside;
  const apply = inside.apply.bind(layer);
  const computeMask = inside.computeMask.bind(layer);
  /** The inputs of the call that tfjs-layers asks the masks of next. */
  let answered: unknown;

  inside.apply = (inputs, kwargs = {}) => {
    checkCallInputs(layer.name, inputs, kwargs);
    const given = [inputs].flat() as Tensor[];
    if (!(given[0] instanceof Tensor)) return apply(inputs, kwargs);
    const explicit = explicitMasks(inputs, kwargs);
    const masks = explicit ?? given.map(carriedMask);
    const isMasked = masks.some(Boolean);
    const { mask: before } = kwargs;
    delete kwargs.mask;
    const handed = explicit && isModel(layer) ? withMasks(given, masks) : inputs;
    if (isMasked && !isModel(layer)) kwargs.mask = takesAllMasks(layer) ? masks : masks[0];
    try {
      const outputs = apply(handed, kwargs);
      answered = Array.isArray(inputs) ? inputs : undefined;
      // The layers in a model have seen to it.
      if (layer.supportsMasking && !isModel(layer)) {
        tidy(() => {
          const made = [computeMask(inputs, isMasked ? masks : undefined)].flat();
          for (const [i, y] of ([outputs].flat() as Tensor[]).entries()) {
            if (made[i]) carryMask(y, made[i]);
          }
        });
      }
      return outputs;
    } finally {
      delete kwargs.mask;
      if (explicit) kwargs.mask = before;
    }
  };

  inside.computeMask = (inputs, masks) => {
    if (inputs !== answered) return computeMask(inputs, masks);
    // tfjs-layers, after the call: what it hands on beside the tensors is nobody's.
    answered = undefined;
    return null;
  };
  inside.setMaskMetadata = () => {};
}

/**
 * The masks that a caller names. tfjs-layers calls the layers of a model with a list of inputs, and with
 * one kwargs object, in which masks of layers that are not joined to this one may lie.
 */
function explicitMasks(inputs: Inputs, { mask }: Kwargs): Mask[] | undefined {
  if (mask == null || (Array.isArray(inputs) && inputs.length === 1)) return undefined;
  return [mask].flat() as Mask[];
}
