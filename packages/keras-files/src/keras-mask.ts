import {
  any,
  cast,
  concat,
  div,
  expandDims,
  logicalOr,
  mul,
  onesLike,
  sum,
  type Tensor,
  tidy,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import type { CallNode, MaskOperations, TensorReference } from "./keras-node.ts";
import { shownName } from "./limits.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Masks = (Tensor | null)[];
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
  if (!masks || masks.some((mask) => mask === null)) return null;
  return tidy(() =>
    (masks as Tensor[]).map((mask) => onesOf(mask)).reduce((a, b) => logicalOr(a, b)),
  );
};

/** A copy: a mask that is two entries' is disposed twice. */
const onesOf = (mask: Tensor): Tensor => logicalOr(mask, zerosLike(mask));

function joinedMask(inputs: Tensor[], masks: Masks | null, axis: number): Tensor | null {
  if (!masks || masks.every((mask) => mask === null)) return null;
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
    return div(sum(mul(x, kept), 1), sum(kept, 1));
  });
}

/** Makes nothing of what it is given but its shape. */
const shapeOnly = new Set(["ZerosLike", "OnesLike"]);

/**
 * Keras writes down the mask of each call; tfjs computes it again from the layers. They agree where both
 * stem from the same tensors.
 *
 * @throws for a mask given by hand, which tfjs has no place for.
 */
export function checkMasks(
  who: string,
  calls: readonly CallNode[],
  layerOf: ReadonlyMap<string, Layer>,
  operations: MaskOperations,
): void {
  const key = ([name, node, index]: TensorReference) => `${name}/${node}/${index}`;
  /** The tensors that a call's output's mask stems from; undefined: nobody knows. */
  const carried = new Map<string, ReadonlySet<string> | undefined>();
  const origins = (mask: readonly TensorReference[], found: Set<string>, depth: number): void => {
    for (const reference of mask) {
      const operation = operations.get(reference[0]);
      if (!operation) found.add(key(reference));
      else if (depth < mostSteps && !shapeOnly.has(operation.className)) {
        origins(operation.inputs, found, depth + 1);
      }
    }
  };
  for (const { name, index, inputs, mask } of calls) {
    const layer = layerOf.get(name)!;
    const before = inputs.map((input) => carried.get(key(input)));
    const isKnown = inputs.every((input, i) => before[i] || !carried.has(key(input)));
    const implied = new Set(before.flatMap((set) => [...(set ?? [])]));
    if (mask.length > 0 && isKnown) {
      const given = new Set<string>();
      origins(mask, given, 0);
      if (`${[...given].sort()}` !== `${[...implied].sort()}`) {
        throw new Error(
          `${who}: ${shownName(name)}: expected the mask that comes with its input, got one made of ${[...given].join(", ")}`,
        );
      }
    }
    const output = key([name, index, 0]);
    if (makesMask(layer)) carried.set(output, new Set([key(inputs[0]!)]));
    else if ("containerNodes" in layer) carried.set(output, undefined);
    else if (passesOn(layer) && implied.size > 0) carried.set(output, implied);
  }
}

const mostSteps = 100;

function makesMask(layer: Layer): boolean {
  const { maskZero } = layer as unknown as { maskZero?: boolean };
  return maskZero === true || layer.getClassName() === "Masking";
}

function passesOn(layer: Layer): boolean {
  const { returnSequences = true } = layer.getConfig() as { returnSequences?: boolean };
  return layer.supportsMasking && returnSequences;
}
