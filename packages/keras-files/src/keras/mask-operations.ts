// Masks as Keras's symbolic tensors carry them: each the result of operations that stand among a model's
// layers, in its graph and, where a call names one, in its file.

import { makesMask } from "@rnnkit/keras-builders";
import { type LayersModel, type Shape, layers as stock } from "@tensorflow/tfjs-layers";
import type { JsonObject } from "./json-text.ts";
import { type Json, layerClasses } from "./layer-classes.ts";
import { isMasked } from "./mask-origin.ts";
import { nodeOf, sourcesOf, type TensorSource, tensorOf } from "./model-graph.ts";

type Layer = InstanceType<typeof stock.Layer>;

/** An operation of Keras's that is no layer. */
export interface MaskOperation {
  className: string;
  inputs: (TensorSource | MaskOperation)[];
  shape: Shape;
  config: JsonObject;
  /** Given to the operation: its inputs one by one, or as a list, or one and a number. */
  arguments?: "list" | number;
}

const merges = new Set(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]);

/** What is done with a mask that no operation gives, because it is made inside of another model. */
export type Refuse = (layer: Layer, where: string) => void;

/**
 * Gives the mask of each of a model's tensors, undefined for one without: as Keras carries it, or, **narrow**,
 * with the axes that its tensor has, as a call names it.
 */
export function symbolicMasks(
  model: LayersModel,
  narrow: boolean,
  refuse: Refuse = () => {},
): (of: TensorSource) => MaskOperation | undefined {
  const known = new Map<string, MaskOperation | undefined>();
  const maskOf = (of: TensorSource): MaskOperation | undefined => {
    const key = `${of.layer.name}/${of.node}/${of.index}`;
    if (!known.has(key)) known.set(key, made(of));
    return known.get(key);
  };
  const refused = (layer: Layer, where: string): undefined => void refuse(layer, where);

  const made = (of: TensorSource): MaskOperation | undefined => {
    const { layer, index } = of;
    const className = layer.getClassName();
    const inputs = sourcesOf(nodeOf(of));
    const [first] = inputs;
    if (!first) return isPart(model) ? refused(layer, "from outside of its model") : undefined;
    if ("containerNodes" in layer) {
      const isFree = !makesMask(layer) && !inputs.some(maskOf);
      return isFree ? undefined : refused(layer, `out of the model ${layer.name}`);
    }
    if (className === "Embedding") {
      const { maskZero } = layer as unknown as { maskZero?: boolean };
      return maskZero ? otherThan(first, 0) : undefined;
    }
    if (className === "Masking") {
      const { maskValue } = layer as unknown as { maskValue: number };
      return anyOf(otherThan(first, maskValue), [-1]);
    }
    const shape = shapeOf(of);
    if (merges.has(className)) {
      const masks = inputs.map(maskOf).filter((mask) => mask !== undefined);
      if (masks.length < inputs.length) return undefined;
      return masks.reduce((a, b) => either(a, b, shape.slice(0, -1)));
    }
    if (className === "Concatenate") {
      const masks = inputs.map(maskOf);
      if (!masks.some(Boolean)) return undefined;
      const { axis } = layer as unknown as { axis: number };
      const wide = inputs.map((each, i) => widened(each, masks[i]));
      return anyOf({ className, inputs: wide, shape, config: { axis }, arguments: "list" }, [-1]);
    }
    if (isOwnMask(layer)) return refused(layer, `of ${className}'s own computeMask`);
    if (!passesTo(layer, index)) return undefined;
    const mask = maskOf(first);
    const gone = mask && narrow ? mask.shape.length - (shape.length - 1) : 0;
    return gone > 0
      ? anyOf(
          mask!,
          Array.from({ length: gone }, (_, i) => i - gone),
        )
      : mask;
  };
  return maskOf;
}

function shapeOf(of: TensorSource): Shape {
  return tensorOf(of).shape as Shape;
}

function otherThan(of: TensorSource, value: number): MaskOperation {
  return { className: "NotEqual", inputs: [of], shape: shapeOf(of), config: {}, arguments: value };
}

function anyOf(of: MaskOperation, axis: number[]): MaskOperation {
  const shape = of.shape.slice(0, -axis.length);
  return { className: "Any", inputs: [of], shape, config: { axis, keepdims: false } };
}

function either(a: MaskOperation, b: MaskOperation, shape: Shape): MaskOperation {
  return { className: "LogicalOr", inputs: [a, b], shape, config: {} };
}

/** As wide as the tensor that it is of. */
function widened(of: TensorSource, mask: MaskOperation | undefined): MaskOperation {
  const shape = shapeOf(of);
  const like = { inputs: [of], shape, config: { dtype: "bool" } };
  if (!mask) return { className: "OnesLike", ...like };
  if (mask.shape.length === shape.length) return mask;
  const one = { inputs: [mask], shape: [...mask.shape, 1], config: { axis: -1 } };
  return either({ className: "ExpandDims", ...one }, { className: "ZerosLike", ...like }, shape);
}

/** Whether a model is a layer of another one that brings masks. */
function isPart(model: LayersModel): boolean {
  return isMasked(model as unknown as Layer);
}

/** Whether a layer of a user's own makes its mask of whatever it likes. */
function isOwnMask(layer: Layer): boolean {
  const { computeMask } = layer.constructor.prototype as Layer;
  const isKnown = Object.hasOwn(layerClasses, layer.getClassName());
  return !isKnown && computeMask !== stock.Layer.prototype.computeMask;
}

/** Whether an output of a layer has its first input's mask. */
function passesTo(layer: Layer, index: number): boolean {
  const { forwardLayer = layer, mergeMode } = layer as {
    forwardLayer?: Layer;
    mergeMode?: unknown;
  };
  const { returnSequences = true } = forwardLayer.getConfig() as { returnSequences?: boolean };
  const isOutput = index < (mergeMode === null ? 2 : 1);
  return layer.supportsMasking && layer.getClassName() !== "Dot" && returnSequences && isOutput;
}

/** The operations of one file, each under a name of its own. */
export interface WrittenOperations {
  /** To stand among the layers. */
  layers: JsonObject[];
  /** An operation's result as an argument of a call. */
  argument(operation: MaskOperation): JsonObject;
}

/** Writes operations into a model's file; **tensor** writes a layer's output as an argument. */
export function writtenOperations(
  model: LayersModel,
  tensor: (of: TensorSource) => JsonObject,
): WrittenOperations {
  const layers: JsonObject[] = [];
  const known = new Map<MaskOperation, JsonObject>();
  const names = new Set(model.layers.map(({ name }) => name));
  const nameFor = (className: string): string => {
    const stem = `mask_${className.replace(/\B[A-Z]/g, (letter) => `_${letter}`).toLowerCase()}`;
    let name = stem;
    for (let i = 1; names.has(name); i++) name = `${stem}_${i}`;
    names.add(name);
    return name;
  };
  const argument = (operation: MaskOperation): JsonObject => {
    const written = known.get(operation);
    if (written) return written;
    const { className, config, shape } = operation;
    const given = operation.inputs.map((each) => ("layer" in each ? tensor(each) : argument(each)));
    const { arguments: how } = operation;
    const args: Json[] = how === "list" ? [given] : how === undefined ? given : [...given, how];
    const name = nameFor(className);
    layers.push({
      ...{ module: "keras.src.ops.numpy", class_name: className, config: { name, ...config } },
      ...{ registered_name: className, name, inbound_nodes: [{ args, kwargs: {} }] },
    });
    const result = {
      class_name: "__keras_tensor__",
      config: { shape, dtype: "bool", keras_history: [name, 0, 0] },
    };
    known.set(operation, result);
    return result;
  };
  return { layers, argument };
}
