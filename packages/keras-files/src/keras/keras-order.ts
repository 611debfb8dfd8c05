// The order of a functional model's layers in Keras, which its weights have in a file: by depth in the graph
// of layers and of the operations that compute masks, then as they are met on the way back from the outputs.

import { readsMask } from "@rnnkit/keras-builders";
import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import { type MaskOperation, symbolicMasks } from "./mask-operations.ts";
import { leavesMaskBesideStates } from "./mask-origin.ts";
import { endsOf, nodeOf, sourcesOf, type TensorSource } from "./model-graph.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** A call of a layer, or of an operation, which is called once. */
interface Call {
  of: Layer | MaskOperation;
  parents: Call[];
}

/** Recurrent layers that are handed their state, `[x, ...state]`. */
export const takeStates: ReadonlySet<string> = new Set([
  ...["SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional"],
]);

/** The layers of a functional model in Keras's order. */
export function kerasOrder(model: LayersModel): Layer[] {
  const calls = new Map<Layer | MaskOperation, Map<number, Call>>();
  /** From the inputs to the outputs. */
  const finished: Call[] = [];
  const seen = new Map<Layer | MaskOperation, number>();
  const masksOf = callMasks(model);

  const visit = (source: TensorSource | MaskOperation): Call => {
    const [of, node] = "layer" in source ? [source.layer, source.node] : [source, 0];
    const known = calls.get(of)?.get(node);
    if (known) return known;
    const call: Call = { of, parents: [] };
    calls.set(of, (calls.get(of) ?? new Map<number, Call>()).set(node, call));
    if (!seen.has(of)) seen.set(of, seen.size);
    const inputs =
      "layer" in source ? [...sourcesOf(nodeOf(source)), ...masksOf(source)] : source.inputs;
    call.parents = inputs.map(visit);
    finished.push(call);
    return call;
  };
  for (const output of endsOf(model, "output")) visit(output);

  const depths = new Map<Call, number>();
  const deepest = new Map<Layer | MaskOperation, number>();
  for (const call of finished.reverse()) {
    const depth = Math.max(depths.get(call) ?? 0, deepest.get(call.of) ?? 0);
    deepest.set(call.of, depth);
    for (const parent of call.parents) {
      depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
    }
  }
  return [...deepest.keys()]
    .filter((of): of is Layer => "inboundNodes" in of)
    .sort((a, b) => deepest.get(b)! - deepest.get(a)! || seen.get(a)! - seen.get(b)!);
}

/** The masks that Keras hands a call: those of its inputs, or of its sequence beside states if it is named. */
function callMasks(model: LayersModel): (call: TensorSource) => MaskOperation[] {
  const carried = symbolicMasks(model, false);
  const named = symbolicMasks(model, true);
  return (call) => {
    const { layer } = call;
    const node = nodeOf(call);
    const sources = sourcesOf(node);
    const isRecurrent = takeStates.has(layer.getClassName());
    if (isRecurrent && sources.length > 1) {
      if (leavesMaskBesideStates(layer)) return [];
      const mask = named(sources[0]!);
      return mask ? [mask] : [];
    }
    const takes = "containerNodes" in layer || readsMask(layer);
    // Keras finds a mask later, in a call with arguments.
    if (!takes || node.callArgs?.training != null) return [];
    return sources.map(carried).filter((mask) => mask !== undefined);
  };
}
