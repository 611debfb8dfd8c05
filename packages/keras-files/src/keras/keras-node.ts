import { arrayOf, isObject, type JsonObject, objectOf, own, shown } from "./json-text.ts";
import type { Json } from "./layer-classes.ts";

/** Layer, call and output that a tensor comes from. */
export type TensorReference = readonly [name: string, node: number, index: number];
/** `layer/call` */
export type TensorKey = `${string}/${number}`;

/** One call of a layer in a functional model. */
export interface CallNode {
  name: string;
  /** Which of the layer's calls. */
  index: number;
  /** What it was called with, the sequence before initial states. */
  inputs: TensorReference[];
  /** The mask that the call names, if any. */
  mask: TensorReference[];
}

/**
 * Operations that are no layers: those by which Keras computes masks, and writes them down, each with
 * what it is computed from.
 */
export type MaskOperations = Map<string, { className: string; inputs: TensorReference[] }>;

const maskOperations = new Set([
  ...["NotEqual", "Any", "LogicalOr", "LogicalAnd", "ExpandDims", "ZerosLike", "OnesLike"],
  ...["Concatenate", "Cast", "Reshape", "BroadcastTo", "ConvertToTensor"],
]);

/** By its module; in a legacy file, which has none, by what every layer has. */
function isOperation(layer: JsonObject): boolean {
  const module = own(layer, "module");
  if (typeof module === "string") return /^keras\.(src\.)?ops(\.|$)/.test(module);
  const config = own(layer, "config");
  const isLayer = isObject(config) && ["trainable", "layers"].some((key) => key in config);
  return !isLayer && maskOperations.has(`${own(layer, "class_name")}`);
}

/**
 * The calls of a layer in a functional model's config, of Keras 3 or legacy; undefined for an operation
 * of a mask, which **masks** remembers.
 */
export function callNodes(
  who: string,
  name: string,
  layer: JsonObject,
  masks: MaskOperations,
): CallNode[] | undefined {
  const nodes = arrayOf(who, "inbound_nodes", own(layer, "inbound_nodes") ?? []);
  if (isOperation(layer)) {
    const className = own(layer, "class_name");
    if (typeof className !== "string" || !maskOperations.has(className)) {
      throw new Error(
        `${who}: expected layers, got the operation ${shown(className)} (${shown(name)})`,
      );
    }
    masks.set(name, { className, inputs: tensorsIn(nodes, []) });
    return undefined;
  }
  return nodes.map((node, index) => ({ name, index, ...takenBy(who, name, node, masks) }));
}

function takenBy(
  who: string,
  name: string,
  node: Json,
  masks: MaskOperations,
): Pick<CallNode, "inputs" | "mask"> {
  const where = `${who}: ${shown(name)}`;
  // Legacy: [["x", 0, 0, {}], ...], or one tensor bare.
  if (Array.isArray(node)) return { inputs: legacyInputs(where, node), mask: [] };
  const call = objectOf(where, "a call", node);
  const args = arrayOf(where, "args", own(call, "args"));
  const kwargs = objectOf(where, "kwargs", own(call, "kwargs") ?? {});
  const given = tensorsIn(args, []);
  const isMask = ([source]: TensorReference) => masks.has(source);
  const inputs = given.filter((each) => !isMask(each));
  const mask = given.filter(isMask);
  for (const [key, value] of Object.entries(kwargs)) {
    if (key === "mask") {
      mask.push(...tensorsIn([value], []));
    } else if (key === "initial_state" || key === "sequences" || key === "inputs") {
      inputs.push(...tensorsIn([value], []));
    } else if (value !== null && value !== false) {
      throw new Error(`${where}: expected a call with inputs, mask or initial_state, got ${key}`);
    }
  }
  if (inputs.length === 0) throw new Error(`${where}: expected a call with inputs, got none`);
  return { inputs, mask };
}

function legacyInputs(where: string, node: Json[]): TensorReference[] {
  const list = typeof node[0] === "string" ? [node] : node;
  return list.map((each) => {
    const [name, call, index, kwargs] = arrayOf(where, "a call's input", each);
    if (typeof name !== "string" || !Number.isInteger(call) || !Number.isInteger(index)) {
      throw new Error(`${where}: expected [layer, call, output], got ${shown(each)}`);
    }
    const used = isObject(kwargs) ? Object.keys(kwargs).filter((key) => kwargs[key] !== null) : [];
    if (used.some((key) => key !== "training")) {
      throw new Error(`${where}: expected calls without arguments, got ${used.join(", ")}`);
    }
    return [name, call as number, index as number];
  });
}

/** All tensors in JSON, in order. */
function tensorsIn(values: Json[], found: TensorReference[]): TensorReference[] {
  for (const value of values) {
    if (Array.isArray(value)) {
      tensorsIn(value, found);
    } else if (isObject(value)) {
      const config = own(value, "config");
      const history = isObject(config) ? own(config, "keras_history") : undefined;
      if (own(value, "class_name") === "__keras_tensor__" && Array.isArray(history)) {
        const [name, node, index] = history;
        found.push([`${name}`, Number(node), Number(index)]);
      } else {
        tensorsIn(Object.values(value), found);
      }
    }
  }
  return found;
}
