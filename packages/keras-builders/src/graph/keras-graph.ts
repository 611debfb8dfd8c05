// Layers of one graph treat masks, and what tfjs-layers computes otherwise, as Keras does: ours, and the
// layers of tfjs-layers and of users that are joined to them in a model, before them and behind.

import { clone, keep, serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { LayersModel, type layers, Sequential } from "@tensorflow/tfjs-layers";
import { noteMade } from "./as-made.ts";
import { carriedMask, type Mask } from "./carried-mask.ts";
import { inOwnGraph } from "./graph-mask.ts";
import { withKerasMasks } from "./keras-mask.ts";
import { carryMasks, withMasks } from "./masked-apply.ts";
import { withKerasCall } from "./stock-call.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Node = Layer["inboundNodes"][number];

const joined = new WeakSet<Layer>();

/** tfjs-layers' classes, before anything could be registered in their place. */
const stockClasses = new Set(
  Object.values(serialization.SerializationMap.getMap().classNameMap).map(([own]) => own),
);

/** Whether a layer is of a class of tfjs-layers itself. */
export function isStockClass(layer: Layer): boolean {
  return stockClasses.has(layer.constructor as never);
}

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
  const isOwn = Object.hasOwn(layer, "call") || Object.hasOwn(layer, "apply");
  if (isModel(layer)) joinModel(layer);
  else if (isStockClass(layer)) joinStock(layer);
  carryMasks(layer);
  if (!isOwn) noteMade(layer);
  for (const nodes of [layer.inboundNodes, layer.outboundNodes]) joinNeighbours(nodes);
  return layer;
}

function joinStock(layer: Layer): void {
  withKerasMasks(withKerasCall(layer));
  const { layer: part } = layer as { layer?: Layer };
  if (layer.getClassName() === "TimeDistributed" && part) inKerasGraph(part);
}

/** What tfjs-layers puts into the list of a layer's connections is joined, now and later. */
function joinNeighbours(nodes: Node[]): void {
  const join = ({ outboundLayer, inboundLayers }: Node): void => {
    for (const layer of [outboundLayer, ...inboundLayers]) if (layer) inKerasGraph(layer);
  };
  // That of another copy of this package, if it has joined the layer before.
  const { push: before } = nodes;
  const push = (...added: Node[]): number => {
    added.forEach(join);
    return before.apply(nodes, added);
  };
  Object.defineProperty(nodes, "push", { value: push, configurable: true });
  nodes.forEach(join);
}

function isModel(layer: Layer): layer is Layer & LayersModel {
  return layer instanceof LayersModel;
}

/** The layers of a model that is a layer of another go on from what its inputs carry. */
function joinModel(model: Layer & LayersModel): void {
  // Made by tfjs only when it is called first.
  if (model instanceof Sequential && !model.built) model.build();
  for (const layer of [...model.inputLayers, ...model.layers]) inKerasGraph(layer);
  const call = model.call.bind(model);
  model.call = (inputs, kwargs) => inOwnGraph([inputs].flat(), () => call(inputs, kwargs));
  model.computeMask = (inputs, masks) => {
    const found: (Tensor | null)[] = [];
    tidy(() => {
      const given = withMasks([inputs].flat(), [masks as Mask | Mask[]].flat());
      const outputs = [model.call(given, {})].flat();
      // Behind all that may throw: they outlive this scope.
      for (const mask of outputs.map(carriedMask)) found.push(mask ? keep(clone(mask)) : null);
    });
    return (found.length === 1 ? found[0] : found) as Tensor;
  };
}

let areModelsJoined = false;

/**
 * Makes models join what they are called with, and their layers, once one of these is joined: nothing else
 * tells a layer which models it is in.
 *
 * @internal
 */
export function joinModels(): void {
  if (areModelsJoined) return;
  areModelsJoined = true;
  const { prototype } = LayersModel;
  for (const method of ["apply", "computeMask"] as const) {
    const plain = prototype[method] as (...args: unknown[]) => unknown;
    prototype[method] = function (this: Layer & LayersModel, ...args: unknown[]): never {
      const isNew = !joined.has(this) && isKerasModel(this);
      // A joined model's method is its own.
      const call = isNew ? (inKerasGraph(this)[method] as typeof plain) : plain;
      return call.apply(this, args) as never;
    };
  }
}
