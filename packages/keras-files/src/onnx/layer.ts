// One layer after another, as nodes of an ONNX graph.

import { KerasActivation } from "@rnnkit/keras-builders";
import type { layers } from "@tensorflow/tfjs-layers";
import { activationNames, addActivation } from "./activation.ts";
import { addNode, addWeights, constant, type ElementType, type Graph } from "./graph.ts";
import { addBidirectional, addRecurrent, recurrentClasses } from "./recurrent.ts";
import { refused } from "./refusal.ts";

export type Layer = InstanceType<typeof layers.Layer>;

/** A tensor of the graph, and the mask that tfjs-layers hands on with it. */
export interface Value {
  name: string;
  type: ElementType;
  mask?: string | undefined;
}

/** Adds a layer of a graph, and returns its outputs. */
export type AddLayer = (graph: Graph, layer: Layer, x: Value) => Value[];

const identities = [
  "Dropout",
  "SpatialDropout1D",
  "GaussianDropout",
  "GaussianNoise",
  "AlphaDropout",
];

/** They treat each step alike, whatever the number of axes in front. */
const stepwise = new Set([...identities, "Dense", "Activation", "Embedding"]);

const adders: Readonly<
  Record<string, (graph: Graph, layer: Layer, x: Value, add: AddLayer) => Value[]>
> = {
  Activation: (graph, layer, x) => [
    { ...float(activated(graph, layer, floats(graph, layer, x))), mask: x.mask },
  ],
  Bidirectional: recurrent(addBidirectional),
  Dense(graph, layer, x) {
    const [kernel, bias] = addOwnWeights(graph, layer, ["kernel", "bias"]);
    const product = addNode(graph, layer.name, "MatMul", [floats(graph, layer, x), kernel!]);
    const sum = bias ? addNode(graph, layer.name, "Add", [product, bias]) : product;
    return [{ ...float(activated(graph, layer, sum)), mask: x.mask }];
  },
  Embedding(graph, layer, x) {
    const [table] = addOwnWeights(graph, layer, ["embeddings"]);
    const tokens =
      x.type === "int32"
        ? x.name
        : addNode(graph, layer.name, "Cast", [x.name], { to: { int: 6 } });
    const vectors = addNode(graph, layer.name, "Gather", [table!, tokens]);
    if (!option(layer, "maskZero")) return [float(vectors)];
    const kept = addNode(graph, layer.name, "Cast", [tokens], { to: { int: 9 } });
    return [{ ...float(vectors), mask: kept }];
  },
  Flatten(graph, layer, x) {
    if (option(layer, "dataFormat") === "channelsFirst") {
      throw refused(layer, "dataFormat channelsLast", {
        got: "channelsFirst",
        instead: "use Permute in the model",
      });
    }
    return [{ name: addNode(graph, layer.name, "Flatten", [x.name]), type: x.type }];
  },
  Masking(graph, layer, x) {
    const scope = layer.name;
    const [values, maskValue] = [floats(graph, layer, x), option(layer, "maskValue") as number];
    const add = (operator: string, inputs: string[], attributes = {}) =>
      addNode(graph, scope, operator, inputs, attributes);
    const equal = add("Equal", [values, constant(graph, maskValue, "float")]);
    const others = add("Cast", [add("Not", [equal])], { to: { int: 7 } });
    const last = constant(graph, [-1], "int64");
    const count = add("ReduceSum", [others, last], { keepdims: { int: 1 } });
    const kept = add("Cast", [count], { to: { int: 9 } });
    const outputs = add("Where", [kept, values, constant(graph, 0, "float")]);
    return [{ ...float(outputs), mask: add("Squeeze", [kept, last]) }];
  },
  TimeDistributed(graph, layer, x, add) {
    const inner = (layer as Layer & { layer: Layer }).layer;
    if (stepwise.has(inner.getClassName())) {
      const [y] = add(graph, inner, { ...x, mask: undefined });
      return [{ ...y!, mask: x.mask }];
    }
    if (x.mask) {
      throw refused(layer, `no mask around a layer of class ${inner.getClassName()}`, {
        got: "one, from Embedding's maskZero or Masking",
        instead: "leave the mask out, or move it into the distributed layer",
      });
    }
    if (option(inner, "stateful")) {
      throw refused(inner, "no stateful layer in a TimeDistributed", {
        got: "stateful",
        instead: "make it one that is not",
      });
    }
    return [addDistributed(graph, layer, x, (steps) => add(graph, inner, steps)[0]!)];
  },
  ...Object.fromEntries(
    identities.map((name) => [name, (_: Graph, __: Layer, x: Value): Value[] => [x]]),
  ),
  ...Object.fromEntries(recurrentClasses.map((name) => [name, recurrent(addRecurrent)])),
};

/**
 * Adds a layer to a graph, and returns its outputs.
 *
 * @throws for a layer or an option of one that has no equal in ONNX.
 */
export function addLayer(graph: Graph, layer: Layer, x: Value, add: AddLayer): Value[] {
  const className = layer.getClassName();
  if (!Object.hasOwn(adders, className)) {
    throw refused(layer, `a layer of ${Object.keys(adders).sort().join(", ")}`, {
      got: `class ${className}`,
      instead: "export the part of the model without it, as a model of its own",
    });
  }
  return adders[className]!(graph, layer, x, add);
}

function recurrent(
  adder: (graph: Graph, layer: Layer, x: string, mask?: string) => string[],
): (graph: Graph, layer: Layer, x: Value) => Value[] {
  return (graph, layer, x) => {
    const outputs = adder(graph, layer, floats(graph, layer, x), x.mask);
    // The mask ends where the time axis does.
    const { forwardLayer = layer } = layer as Layer & { forwardLayer?: Layer };
    const mask = option(forwardLayer, "returnSequences") ? x.mask : undefined;
    return outputs.map((name) => ({ ...float(name), mask }));
  };
}

/** [B, T, ...] as [B·T, ...], put through **inner**, and as [B, T, ...] again. */
function addDistributed(
  graph: Graph,
  { name: scope }: Layer,
  x: Value,
  inner: (steps: Value) => Value,
): Value {
  const shape = (value: string, start: number, end?: number) =>
    addNode(graph, scope, "Shape", [value], {
      start: { int: start },
      ...(end === undefined ? {} : { end: { int: end } }),
    });
  const reshaped = (value: string, dims: string[]) =>
    addNode(graph, scope, "Reshape", [
      value,
      addNode(graph, scope, "Concat", dims, { axis: { int: 0 } }),
    ]);
  const any = constant(graph, [-1], "int64");
  const y = inner({ ...x, name: reshaped(x.name, [any, shape(x.name, 2)]) });
  return { name: reshaped(y.name, [shape(x.name, 0, 2), shape(y.name, 1)]), type: y.type };
}

function activated(graph: Graph, layer: Layer, x: string): string {
  const { activation } = layer as Layer & { activation: { getClassName(): string } };
  const name = activation instanceof KerasActivation ? activation.name : activation.getClassName();
  const y = addActivation(graph, layer.name, name, x);
  if (y) return y;
  throw refused(layer, `activation to be one of ${activationNames.join(", ")}`, {
    got: name,
    instead: "train the model with one of those",
  });
}

/** A layer's weights as they are, in their order; undefined for a bias that it has not. */
function addOwnWeights(graph: Graph, layer: Layer, names: string[]): (string | undefined)[] {
  const weights = layer.getWeights().map((weight) => graph.held.hold(weight));
  return names.map((name, i) => {
    const weight = weights[i];
    const read = async () => (await weight!.data()) as Float32Array;
    return weight && addWeights(graph, `${layer.name}/${name}`, weight.shape, read);
  });
}

const float = (name: string): Value => ({ name, type: "float" });

function floats(graph: Graph, layer: Layer, x: Value): string {
  if (x.type === "float") return x.name;
  return addNode(graph, layer.name, "Cast", [x.name], { to: { int: 1 } });
}

function option(layer: Layer, name: string): unknown {
  return layer.getConfig()[name];
}
