import { makesMask } from "@rnnkit/keras-builders";
import type { layers } from "@tensorflow/tfjs-layers";
import type { CallNode, MaskOperations, TensorReference } from "./keras-node.ts";
import { shownName } from "./limits.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** Makes nothing of what it is given but its shape. */
const shapeOnly = new Set(["ZerosLike", "OnesLike"]);

/** Put out the mask of their first input, the query, alone. */
const attentions = new Set(["Attention", "AdditiveAttention"]);

const recurrent = new Set(["SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional"]);

/**
 * Makes recurrent layers that Keras called with initial states but no mask do so here.
 *
 * @throws for a layer that is called both with a mask and without.
 */
export function dropMasksOfStates(
  who: string,
  calls: readonly CallNode[],
  layerOf: ReadonlyMap<string, Layer>,
): void {
  const masked = new Map<string, boolean>();
  for (const { name, inputs, mask } of calls) {
    if (inputs.length < 2 || !recurrent.has(layerOf.get(name)!.getClassName())) continue;
    const isMasked = mask.length > 0;
    if ((masked.get(name) ?? isMasked) !== isMasked) {
      throw new Error(
        `${who}: expected ${shownName(name)} to be called with initial states and a mask always or never, got both`,
      );
    }
    masked.set(name, isMasked);
  }
  for (const [name, isMasked] of masked) if (!isMasked) unmaskedWithStates(layerOf.get(name)!);
}

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
  const origins = (mask: readonly TensorReference[]): Set<string> => {
    const found = new Set<string>();
    const seen = new Set<string>();
    const open = [mask];
    for (let next = open.pop(); next; next = open.pop()) {
      for (const reference of next) {
        const [name] = reference;
        const operation = operations.get(name);
        if (!operation) found.add(key(reference));
        else if (!seen.has(name) && !shapeOnly.has(operation.className))
          open.push(operation.inputs);
        seen.add(name);
      }
    }
    return found;
  };
  for (const { name, index, inputs, mask } of calls) {
    const layer = layerOf.get(name)!;
    const before = inputs.map((input) => carried.get(key(input)));
    const isKnown = inputs.every((input, i) => before[i] || !carried.has(key(input)));
    const implied = new Set(before.flatMap((set) => [...(set ?? [])]));
    if (mask.length > 0 && isKnown) {
      const given = origins(mask);
      if (`${[...given].sort()}` !== `${[...implied].sort()}`) {
        throw new Error(
          `${who}: ${shownName(name)}: expected the mask that comes with its input, got one made of ${[...given].join(", ")}`,
        );
      }
    }
    const output = key([name, index, 0]);
    if ("containerNodes" in layer) carried.set(output, undefined);
    else if (makesMask(layer)) carried.set(output, new Set([key(inputs[0]!)]));
    else if (passesOn(layer)) {
      const own = attentions.has(layer.getClassName()) ? before[0] : implied;
      if (own && own.size > 0) carried.set(output, own);
    }
  }
}

/**
 * Makes a recurrent layer leave the mask out where initial states are given. Keras 3 hands a layer its
 * input's mask only while the input is its one tensor; the mask goes on behind the layer all the same.
 */
function unmaskedWithStates(layer: Layer): void {
  unmasked.add(layer);
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) =>
    call(inputs, Array.isArray(inputs) && inputs.length > 1 ? { ...kwargs, mask: null } : kwargs);
}

const unmasked = new WeakSet<Layer>();

/** Whether a layer leaves the mask out where initial states are given, as it was loaded. */
export function leavesMaskBesideStates(layer: Layer): boolean {
  return unmasked.has(layer);
}

/** Whether a mask reaches a layer, of those that layers before it make or pass on. */
export function isMasked(layer: Layer, seen: Set<Layer> = new Set()): boolean {
  if (seen.has(layer)) return false;
  seen.add(layer);
  return layer.inboundNodes
    .flatMap(({ inboundLayers }) => inboundLayers)
    .some((from) => makesMask(from) || (passesOn(from) && isMasked(from, seen)));
}

function passesOn(layer: Layer): boolean {
  const { returnSequences = true } = layer.getConfig() as { returnSequences?: boolean };
  return layer.supportsMasking && returnSequences;
}
