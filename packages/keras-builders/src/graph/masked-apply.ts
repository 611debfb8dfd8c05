// How a layer is called in a graph whose tensors carry masks: its inputs' go in, its outputs carry what it
// makes of them.

import { cast, clone, engine, Tensor, tidy } from "@tensorflow/tfjs-core";
import { LayersModel, layers } from "@tensorflow/tfjs-layers";
import { checkCallInputs } from "./call-inputs.ts";
import { carriedMask, carryMask, detached, type Mask } from "./carried-mask.ts";
import { graphMask, noteGraphMasks } from "./graph-mask.ts";
import { readsMask, takesAllMasks } from "./keras-mask.ts";
import type { Inputs, Kwargs } from "./layer-call.ts";
import { type Apply, oncePerPass } from "./once-per-pass.ts";
import { spareReadTwice } from "./read-twice.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** What tfjs-layers has of a layer and does not tell. */
interface Inside {
  apply: Apply;
  computeMask(inputs: unknown, masks: unknown): Mask | Mask[];
  setMaskMetadata(): void;
}

/** Makes a layer take the masks that its inputs carry, and its outputs carry theirs. */
export function carryMasks(layer: Layer): void {
  const inside = layer as unknown as Inside;
  const isModel = layer instanceof LayersModel;
  // As in Keras, a layer that has a computeMask of its own says by it that it supports masks.
  const hasOwnMask = inside.computeMask !== layers.Layer.prototype.computeMask;
  const apply = inside.apply.bind(layer);
  const computeMask = inside.computeMask.bind(layer);

  /** None, the first input's, or a list of all. */
  const toldOf = (masks: readonly Mask[]): Mask | readonly Mask[] => {
    if (!masks.some(Boolean)) return undefined;
    return masks.length > 1 && takesAllMasks(layer) ? masks : masks[0];
  };

  const called: Apply = (inputs, kwargs) => {
    const given = [inputs].flat() as Tensor[];
    const named = explicitMasks(layer, inputs, kwargs);
    const carried = named ?? given.map(carriedMask);
    // tfjs-layers runs a graph in a scope, and hands lists of inputs to its layers.
    const isGraph = Array.isArray(inputs) && !named && engine().state.activeScope;
    const known = isGraph ? given.map(graphMask) : carried;
    const differs = known.some((mask, i) => mask !== carried[i]);
    const isRead = isModel || readsMask(layer);
    const masks = isRead ? known.map((mask, i) => mask ?? carried[i]) : carried;
    const told = toldOf(masks);
    const before = { ...kwargs };
    if (kwargs) delete kwargs.mask;
    const options = told && !isModel ? Object.assign(kwargs ?? {}, { mask: told }) : kwargs;
    if (Array.isArray(inputs) && !kwargs?.training) spareReadTwice(given);
    try {
      const outputs = apply(isModel ? withMasks(given, masks) : inputs, options);
      const put = [outputs].flat() as Tensor[];
      if (isModel) {
        // The layers in it have seen to it; to the graph that it is in they are not known.
        noteGraphMasks(put.filter(carriedMask), []);
        return outputs;
      }
      if (!(layer.supportsMasking || hasOwnMask)) return outputs;
      tidy(() => {
        const made = [computeMask(inputs, told)].flat();
        for (const [i, y] of put.entries()) {
          if (made[i] && !carriedMask(y)) carryMask(y, made[i]);
        }
      });
      if (differs) noteGraphMasks(put, [computeMask(inputs, toldOf(known))].flat());
      return outputs;
    } finally {
      // tfjs-layers has one object for all layers of a model, and its own leave masks and states in it.
      for (const name of Object.keys(kwargs ?? {})) if (!(name in before)) delete kwargs![name];
      Object.assign(kwargs ?? {}, before);
    }
  };
  const calledOnce = oncePerPass(layer, called);

  /** The inputs of the call that tfjs-layers asks the masks of next. */
  let answered: unknown;
  inside.apply = (inputs, kwargs) => {
    checkCallInputs(layer.name, inputs, kwargs ?? {});
    if (!([inputs].flat()[0] instanceof Tensor)) {
      refuseSymbolicMask(layer, kwargs);
      return apply(inputs, kwargs);
    }
    // What a mask given by hand needs is gone afterwards.
    const run = (): Tensor => calledOnce(inputs, kwargs) as Tensor;
    const outputs = kwargs?.mask == null ? run() : tidy(run);
    answered = Array.isArray(inputs) ? inputs : undefined;
    return outputs;
  };
  inside.computeMask = (inputs, masks) => {
    if (inputs !== answered) return computeMask(inputs, masks);
    // tfjs-layers, after the call: what it hands on beside the tensors is nobody's.
    answered = undefined;
    return null;
  };
  inside.setMaskMetadata = () => {};
}

/** Tensors that carry these masks: copies where they carry others. */
export function withMasks(inputs: Tensor[], masks: readonly Mask[]): Tensor[] {
  return inputs.map((x, i) => {
    const mask = masks[i];
    if (!mask || mask === carriedMask(x)) return x;
    const copy = clone(x);
    carryMask(copy, mask);
    return copy;
  });
}

/**
 * The masks that a caller names, in place of those that tensors carry.
 *
 * @throws for one beside a list of one tensor that carries another: so tfjs-layers leaves it for all
 * layers of a model, of a part of it that is not joined to this one or of a call with a mask.
 */
function explicitMasks(
  layer: Layer,
  inputs: Inputs,
  kwargs: Kwargs | undefined,
): Mask[] | undefined {
  const masks = [kwargs?.mask as Mask | Mask[]].flat();
  if (!masks.some(Boolean)) return undefined;
  const given = [inputs].flat() as Tensor[];
  if (Array.isArray(inputs) && given.length === 1 && masks[0] !== carriedMask(given[0]!)) {
    throw new Error(
      `${layer.name}: expected a mask beside a tensor, got one beside a list of one; call apply(x, { mask }) with x itself`,
    );
  }
  if (given.length > 1 && takesAllMasks(layer) && masks.length !== given.length) {
    throw new Error(
      `${layer.name}: expected ${given.length} masks, one or null for each input, got ${masks.length}`,
    );
  }
  return masks.map((mask) => mask && detached(() => cast(mask, "bool")));
}

/** tfjs-layers would forget it: a graph holds no masks but those that its layers make. */
function refuseSymbolicMask(layer: Layer, kwargs: Kwargs | undefined): void {
  if (kwargs?.mask == null) return;
  throw new Error(
    `${layer.name}: expected no mask in a symbolic call, got one; a model's layers take the masks of Masking and Embedding before them, and a call with tensors takes any`,
  );
}
