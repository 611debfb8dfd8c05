// ONNX's messages, of which models need few; numbers of fields and types are those of onnx.proto.

import type { HeldTensors } from "../held-tensors.ts";
import {
  bytesField,
  bytesOf,
  type Content,
  floatField,
  intField,
  type Message,
  messageField,
  textField,
} from "./bytes.ts";

/** Numbers of TensorProto.DataType. */
const elementTypes = { float: 1, int32: 6, int64: 7, bool: 9 } as const;
/** Numbers of AttributeProto.AttributeType. */
const attributeTypes = { float: 1, int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const;

/** Of the `ai.onnx` operators: ONNX 1.12, June 2022; onnxruntime reads it from 1.12 on. */
export const opset = 17;
/** Of the file: that of the same release. */
const irVersion = 8;

export type ElementType = keyof typeof elementTypes;

/** A number of elements, or a name for one that is known when the model runs. */
export type Dimension = number | string;

/** An attribute of a node: a string, a list of strings, or numbers said to be whole or not. */
export type Attribute =
  | { float: number }
  | { int: number }
  | { string: string }
  | { floats: readonly number[] }
  | { ints: readonly number[] }
  | { strings: readonly string[] };

/** What a model needs, field by field; messages are made as parts are added. */
export interface Graph {
  readonly nodes: Message[];
  readonly initializers: Message[];
  readonly inputs: Message[];
  readonly outputs: Message[];
  /** Taken names; constants by what they hold. */
  readonly names: Set<string>;
  readonly constants: Map<string, string>;
  /** Names of layers whose state is an input and an output. */
  readonly stateful: Set<string>;
  /** What is written of weights is what they hold when they are added. */
  readonly held: HeldTensors;
}

/** A graph of nothing, in which **names** are kept for inputs and outputs. */
export function emptyGraph(names: Iterable<string>, held: HeldTensors): Graph {
  return {
    ...{ nodes: [], initializers: [], inputs: [], outputs: [] },
    names: new Set(names),
    constants: new Map(),
    stateful: new Set(),
    held,
  };
}

/** A name that nothing in the graph has: **wanted**, or with a number behind it. */
export function freeName(graph: Graph, wanted: string): string {
  let name = wanted;
  for (let i = 2; graph.names.has(name); i++) name = `${wanted}_${i}`;
  graph.names.add(name);
  return name;
}

/**
 * Adds a node, and returns the names of its first **outputs** outputs. `""` for an input is one that
 * is left out.
 */
export function addNodeOf(
  graph: Graph,
  outputs: number,
  scope: string,
  operator: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): string[] {
  const name = freeName(graph, `${scope}/${operator}`);
  const rest = Array.from({ length: outputs - 1 }, (_, i) => freeName(graph, `${name}:${i + 1}`));
  const names = [name, ...rest];
  graph.nodes.push(
    messageField(
      1,
      ...inputs.map((input) => textField(1, input)),
      ...names.map((output) => textField(2, output)),
      textField(3, name),
      textField(4, operator),
      ...Object.entries(attributes).map(([key, value]) => attributeField(key, value)),
    ),
  );
  return names;
}

/** Adds a node of one output, and returns its name. */
export function addNode(
  graph: Graph,
  scope: string,
  operator: string,
  inputs: readonly string[],
  attributes?: Readonly<Record<string, Attribute>>,
): string {
  return addNodeOf(graph, 1, scope, operator, inputs, attributes)[0]!;
}

/** Adds weights, and returns their name. */
export function addWeights(
  graph: Graph,
  wanted: string,
  dims: readonly number[],
  read: () => Promise<Float32Array>,
): string {
  const name = freeName(graph, wanted);
  const byteLength = 4 * dims.reduce((product, n) => product * n, 1);
  graph.initializers.push(tensorField(name, dims, "float", { byteLength, read: bytesIn(read) }));
  return name;
}

/** A constant, one for all who need the same: a number for a scalar, a list for a vector. */
export function constant(
  graph: Graph,
  values: number | readonly number[],
  type: "float" | "int64",
): string {
  const wanted = `constant/${type}/${JSON.stringify(values)}`;
  const known = graph.constants.get(wanted);
  if (known) return known;
  const name = freeName(graph, wanted);
  const list = [values].flat();
  const numbers =
    type === "float" ? Float32Array.from(list) : BigInt64Array.from(list.map((n) => BigInt(n)));
  const dims = Array.isArray(values) ? [list.length] : [];
  graph.initializers.push(tensorField(name, dims, type, new Uint8Array(numbers.buffer)));
  graph.constants.set(wanted, name);
  return name;
}

/** Declares an input of the model. */
export function addInput(graph: Graph, name: string, type: ElementType, shape: Dimension[]): void {
  graph.inputs.push(valueField(11, name, type, shape));
}

/** Declares that **value** is an output of the model, under **name**, which was kept for it. */
export function addOutput(
  graph: Graph,
  name: string,
  value: string,
  type: ElementType,
  shape: Dimension[],
): void {
  graph.nodes.push(
    messageField(
      1,
      textField(1, value),
      textField(2, name),
      textField(3, name),
      textField(4, "Identity"),
    ),
  );
  graph.outputs.push(valueField(12, name, type, shape));
}

/** The graph as the bytes of a ModelProto. */
export async function modelBytes(who: string, graph: Graph): Promise<Uint8Array<ArrayBuffer>> {
  return bytesOf(who, [
    ...intField(1, irVersion),
    ...textField(2, "rnnkit"),
    ...messageField(
      7,
      ...graph.nodes,
      textField(2, "model"),
      ...graph.initializers,
      ...graph.inputs,
      ...graph.outputs,
    ),
    ...messageField(8, textField(1, ""), intField(2, opset)),
  ]);
}

function attributeField(name: string, attribute: Attribute): Message {
  const [[type, value]] = Object.entries(attribute) as [[keyof typeof attributeTypes, unknown]];
  const fields: Record<keyof typeof attributeTypes, () => Message> = {
    float: () => floatField(2, value as number),
    int: () => intField(3, value as number),
    string: () => textField(4, value as string),
    floats: () => (value as number[]).flatMap((x) => floatField(7, x)),
    ints: () => (value as number[]).flatMap((n) => intField(8, n)),
    strings: () => (value as string[]).flatMap((text) => textField(9, text)),
  };
  return messageField(5, textField(1, name), fields[type](), intField(20, attributeTypes[type]));
}

function tensorField(
  name: string,
  dims: readonly number[],
  type: ElementType,
  data: Uint8Array | Content,
): Message {
  return messageField(
    5,
    ...dims.map((n) => intField(1, n)),
    intField(2, elementTypes[type]),
    textField(8, name),
    bytesField(9, data),
  );
}

function valueField(field: number, name: string, type: ElementType, shape: Dimension[]): Message {
  const dims = shape.map((n) =>
    messageField(1, typeof n === "number" ? intField(1, n) : textField(2, n)),
  );
  const tensor = messageField(1, intField(1, elementTypes[type]), messageField(2, ...dims));
  return messageField(field, textField(1, name), messageField(2, tensor));
}

/** raw_data is little-endian, as is every machine that tfjs runs on. */
function bytesIn(read: () => Promise<Float32Array>): () => Promise<Uint8Array> {
  return async () => {
    const { buffer, byteOffset, byteLength } = await read();
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
}
