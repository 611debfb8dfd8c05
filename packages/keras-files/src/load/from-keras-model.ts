import {
  type LayersModel,
  model,
  type Sequential,
  type Shape,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import {
  arrayOf,
  isObject,
  type JsonObject,
  objectOf,
  own,
  shown,
  stringOf,
} from "../keras/json-text.ts";
import { listedInput } from "../keras/keras-names.ts";
import {
  type CallNode,
  callNodes,
  type MaskOperations,
  type TensorKey,
} from "../keras/keras-node.ts";
import type { Json } from "../keras/layer-classes.ts";
import { checkMasks, dropMasksOfStates } from "../keras/mask-origin.ts";
import { keepOrder } from "../keras/weight-paths.ts";
import { batchShape, layerFromKeras, type Reading } from "./from-keras-config.ts";

type Layer = InstanceType<typeof stock.Layer>;

/** A model from what Keras serialized; undefined if it is a layer. */
export function modelFromKeras(reading: Reading, json: JsonObject): LayersModel | undefined {
  const className = own(json, "class_name");
  if (className === "Sequential") return sequentialFromKeras(reading, json);
  const isFunctional = className === "Functional" || className === "Model";
  return isFunctional ? functionalFromKeras(reading, json) : undefined;
}

/** A Sequential model from what Keras serialized. */
function sequentialFromKeras(reading: Reading, json: JsonObject): Sequential {
  const given = own(json, "config");
  // Keras up to 2.2.2 wrote the list of layers alone.
  const config = Array.isArray(given)
    ? { layers: given }
    : objectOf(reading.who, "the config of Sequential", given);
  const who = named(reading.who, config);
  const serialized = arrayOf(who, "layers", own(config, "layers"));
  const made = serialized.map((each) => layerFromKeras(reading, each));
  const result = sequential({ ...nameOf(who, config) });
  try {
    const [first] = made;
    if (first && !isInput(first) && !hasShape(first) && !saysShape(serialized[0]!)) {
      const shape = buildShape(json) ?? own(config, "build_input_shape");
      if (shape == null) {
        throw new Error(`${who}: expected a model that was built, got one of unknown input shape`);
      }
      result.add(stock.inputLayer({ batchInputShape: batchShape(who, shape) }));
    }
    for (const layer of made) result.add(layer);
  } catch (cause) {
    throw graphError(who, cause);
  }
  if (own(config, listedInput) !== true) unlistInput(result);
  if (own(config, "trainable") === false) result.trainable = false;
  return result;
}

/** In Keras a Sequential model's input is none of its layers; tfjs-layers then asks the first one for the shape. */
function unlistInput({ layers }: Sequential): void {
  const [input, first] = layers as (Layer & { batchInputShape?: Shape })[];
  if (!input || !first || !isInput(input)) return;
  layers.shift();
  if (!("containerNodes" in first)) first.batchInputShape ??= input.batchInputShape!;
}

const isInput = (layer: Layer): boolean => layer.getClassName() === "InputLayer";

/** A model knows its inputs; a layer may have been told its input's shape, as Keras 2 does. */
function hasShape(layer: Layer): boolean {
  const { inputs, batchInputShape } = layer as unknown as Record<string, unknown>;
  return inputs !== undefined || (layer.getClassName() !== "Embedding" && batchInputShape != null);
}

/** Keras 2 wrote the input's shape into the config of the first layer. */
function saysShape(serialized: Json): boolean {
  const config = isObject(serialized) ? own(serialized, "config") : undefined;
  return isObject(config) && own(config, "batch_input_shape") != null;
}

function buildShape(json: JsonObject): Json | undefined {
  const config = own(json, "build_config");
  return isObject(config) ? own(config, "input_shape") : undefined;
}

/**
 * A functional model from what Keras serialized.
 *
 * Its layers stand in the file's order, which is the order of Keras's weights.
 */
function functionalFromKeras(reading: Reading, json: JsonObject): LayersModel {
  const config = objectOf(reading.who, "the config of Functional", own(json, "config"));
  const who = named(reading.who, config);
  const masks: MaskOperations = new Map();
  const made = new Map<string, Layer>();
  const waiting: CallNode[] = [];
  for (const each of arrayOf(who, "layers", own(config, "layers"))) {
    const layer = objectOf(who, "a layer", each);
    const name = layerName(who, layer);
    if (made.has(name) || masks.has(name)) {
      throw new Error(`${who}: expected layers of different names, got ${shown(name)} twice`);
    }
    const nodes = callNodes(who, name, layer, masks);
    if (!nodes) continue;
    made.set(name, layerFromKeras(reading, { ...layer, config: withName(layer, name) }));
    waiting.push(...nodes);
  }

  const order = [...made.values()];
  const outputs = new Map<TensorKey, SymbolicTensor[]>();
  for (const [name, layer] of made) {
    if (!isInput(layer)) continue;
    outputs.set(`${name}/0`, layer.inboundNodes[0]!.outputTensors);
  }
  const tensor = ([name, node, index]: readonly [string, number, number]): SymbolicTensor => {
    const found = outputs.get(`${name}/${node}`)?.[index];
    if (found) return found;
    throw new Error(
      `${who}: expected an output ${index} of call ${node} of ${shown(name)}, got none`,
    );
  };
  const sorted = inOrder(who, waiting, new Set(outputs.keys()));
  for (const { name, index, inputs } of sorted) {
    const given = inputs.map(tensor);
    try {
      const result = made.get(name)!.apply(given.length === 1 ? given[0]! : given);
      outputs.set(`${name}/${index}`, [result].flat() as SymbolicTensor[]);
    } catch (cause) {
      throw graphError(who, cause);
    }
  }

  checkMasks(who, sorted, made, masks);
  dropMasksOfStates(who, sorted, made);
  const ends = (key: string): SymbolicTensor[] =>
    references(who, key, own(config, key)).map(([name, node, index]) => {
      // Keras counts a functional model's own inputs and outputs as its first call, here only.
      const isModel = made.get(name)?.getClassName() === "Model";
      return tensor([name, isModel ? node - 1 : node, index]);
    });
  const inputs = ends("input_layers");
  const results = ends("output_layers");
  let graph: LayersModel;
  try {
    graph = model({ inputs, outputs: results, ...nameOf(who, config) });
  } catch (cause) {
    throw graphError(who, cause);
  }
  // tfjs lists no input that nothing reads.
  const used = new Set([...graph.layers, ...graph.inputLayers]);
  graph.layers = order.filter((layer) => used.has(layer));
  keepOrder(graph, graph.layers);
  if (own(config, "trainable") === false) graph.trainable = false;
  return graph;
}

/** Calls after those whose outputs they take, each layer's in their own order. */
function inOrder(who: string, nodes: CallNode[], known: Set<TensorKey>): CallNode[] {
  const followers = new Map<TensorKey, CallNode[]>();
  const missing = new Map<CallNode, number>();
  const ready: CallNode[] = [];
  for (const node of nodes) {
    const sources = new Set<TensorKey>(
      node.inputs.map(([name, call]): TensorKey => `${name}/${call}`),
    );
    if (node.index > 0) sources.add(`${node.name}/${node.index - 1}`);
    const open = [...sources].filter((source) => !known.has(source));
    missing.set(node, open.length);
    if (open.length === 0) ready.push(node);
    for (const source of open) {
      const waiting = followers.get(source);
      if (waiting) waiting.push(node);
      else followers.set(source, [node]);
    }
  }
  const sorted: CallNode[] = [];
  for (let node = ready.pop(); node; node = ready.pop()) {
    sorted.push(node);
    for (const follower of followers.get(`${node.name}/${node.index}`) ?? []) {
      const left = missing.get(follower)! - 1;
      missing.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  if (sorted.length === nodes.length) return sorted;
  const stuck = nodes.find((node) => missing.get(node)! > 0)!;
  throw new Error(
    `${who}: expected a graph without loops, got ${shown(stuck.name)}, whose inputs nothing computes`,
  );
}

/** `["x", 0, 0]`, a list of such, or an object of such, in the order of its sorted keys as in Keras. */
function references(
  who: string,
  what: string,
  value: Json | undefined,
): (readonly [string, number, number])[] {
  if (Array.isArray(value)) {
    const [name, node, index] = value;
    if (typeof name === "string" && Number.isInteger(node) && Number.isInteger(index)) {
      return [[name, node as number, index as number]];
    }
    return value.flatMap((each) => references(who, what, each));
  }
  if (isObject(value)) {
    return Object.keys(value)
      .sort()
      .flatMap((key) => references(who, what, value[key]));
  }
  throw new Error(`${who}: expected ${what} to name tensors, got ${shown(value)}`);
}

function layerName(who: string, layer: JsonObject): string {
  const config = own(layer, "config");
  return stringOf(
    who,
    "a layer's name",
    own(layer, "name") ?? (isObject(config) ? own(config, "name") : undefined),
  );
}

/** Legacy files name a layer beside its config, custom ones only there. */
function withName(layer: JsonObject, name: string): Json {
  const config = own(layer, "config");
  return isObject(config) && !Object.hasOwn(config, "name") ? { ...config, name } : (config ?? {});
}

function named(who: string, config: JsonObject): string {
  const name = own(config, "name");
  return typeof name === "string" ? `${who}: model ${shown(name)}` : who;
}

function nameOf(who: string, config: JsonObject): { name?: string } {
  const name = own(config, "name");
  return name == null ? {} : { name: stringOf(who, "name", name) };
}

function graphError(who: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : `${cause}`;
  if (reason.startsWith(who)) return cause as Error;
  return new Error(`${who}: expected layers that fit together, got: ${reason}`, { cause });
}
