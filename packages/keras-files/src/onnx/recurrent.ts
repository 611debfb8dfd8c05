// SimpleRNN, LSTM and GRU as ONNX's RNN, LSTM and GRU, alone and in a Bidirectional.

import { type CellKind, cellTable } from "@rnnkit/core-rnn";
import type { layers } from "@tensorflow/tfjs-layers";
import { recurrentActivations, recurrentFunction } from "./activation.ts";
import {
  type Attribute,
  addInput,
  addNode,
  addNodeOf,
  addOutput,
  constant,
  type Dimension,
  type Graph,
} from "./graph.ts";
import {
  addFinal,
  addPacked,
  addPacking,
  addUnpacked,
  addZeroedLast,
  type Packing,
} from "./mask.ts";
import { refused } from "./refusal.ts";
import { addRecurrentWeights } from "./weights.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** What the two kinds of recurrent layer, tfjs-layers' and @rnnkit/keras-builders', write alike. */
interface Config {
  units: number;
  activation: string;
  recurrentActivation: string;
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  stateful: boolean;
  /** Only the latter write these two. */
  zeroOutputForMask?: boolean;
  resetAfter?: boolean;
}

/** An operator beside the layer's cell. */
interface Operator {
  name: string;
  kind: CellKind;
  /** ONNX's order of the cell's gates. */
  gates: readonly string[];
  functions: readonly ("activation" | "recurrentActivation")[];
}

const [f, g] = ["recurrentActivation", "activation"] as const;
const operators: Readonly<Record<string, Operator>> = {
  SimpleRNN: { name: "RNN", kind: "simpleRnn", gates: ["h"], functions: [g] },
  LSTM: { name: "LSTM", kind: "lstm", gates: ["i", "o", "f", "c"], functions: [f, g, g] },
  // The gates and the state of both kinds.
  GRU: { name: "GRU", kind: "gruAfter", gates: ["z", "r", "h"], functions: [f, g] },
};

const statesOf = ({ kind }: Operator): readonly string[] => cellTable[kind].states;

/** One layer in one direction. */
interface Part {
  layer: Layer;
  config: Config;
  operator: Operator;
  batch: Dimension;
}

/** What a part gives: all its outputs, each at the time it belongs to, or the last one; its states. */
interface Result {
  output: string;
  states: string[];
}

/** Class names of the layers that {@link addRecurrent} takes. */
export const recurrentClasses: readonly string[] = Object.keys(operators);

/** Adds a SimpleRNN, LSTM or GRU; x and its mask are [B, T, I] and [B, T]. Outputs, then states. */
export function addRecurrent(graph: Graph, layer: Layer, x: string, mask?: string): string[] {
  const part = partOf(layer, layer);
  checkStates(graph, [part], mask);
  const [result] = addParts(graph, layer.name, [part], x, mask);
  const outputs = ordered(graph, layer.name, part, result!, false);
  return part.config.returnState ? [outputs, ...result!.states] : [outputs];
}

/** Adds a Bidirectional. One operator does both directions where they differ in nothing else. */
export function addBidirectional(graph: Graph, layer: Layer, x: string, mask?: string): string[] {
  const both = layer as Layer & { forwardLayer: Layer; backwardLayer: Layer; mergeMode?: string };
  const parts = [partOf(both.forwardLayer, layer), partOf(both.backwardLayer, layer)] as const;
  checkStates(graph, parts, mask);
  const [forward, backward] = parts;
  const together = fitsInOneOperator(forward, backward);
  const groups = together ? [[...parts]] : parts.map((part) => [part]);
  const packing = mask && addPacking(graph, layer.name, mask);
  const results = groups.flatMap((group) => addParts(graph, layer.name, group, x, packing));
  const y = ordered(graph, layer.name, forward, results[0]!, false);
  // Bidirectional turns the outputs of the second layer round, whichever way that one reads.
  const z = ordered(graph, layer.name, backward, results[1]!, true);
  const states = forward.config.returnState ? results.flatMap((result) => result.states) : [];
  return [...merged(graph, layer.name, both.mergeMode, y, z), ...states];
}

function merged(
  graph: Graph,
  scope: string,
  mergeMode: string | null | undefined,
  y: string,
  z: string,
): string[] {
  switch (mergeMode) {
    case "concat":
      return [addNode(graph, scope, "Concat", [y, z], { axis: { int: -1 } })];
    case "sum":
      return [addNode(graph, scope, "Add", [y, z])];
    case "mul":
      return [addNode(graph, scope, "Mul", [y, z])];
    case "ave": {
      const sum = addNode(graph, scope, "Add", [y, z]);
      return [addNode(graph, scope, "Mul", [sum, constant(graph, 0.5, "float")])];
    }
    default:
      return [y, z];
  }
}

/** **applied** is the layer that the model applies: **layer** itself, or the Bidirectional around it. */
function partOf(layer: Layer, applied: Layer): Part {
  const operator = operators[layer.getClassName()];
  if (!operator) {
    throw refused(layer, `one of ${recurrentClasses.join(", ")} in a Bidirectional`, {
      got: `class ${layer.getClassName()}`,
      instead: "use one of those",
    });
  }
  const batch = applied.inboundNodes[0]?.inputTensors[0]?.shape[0] ?? "batch";
  return { layer, config: layer.getConfig() as unknown as Config, operator, batch };
}

function fitsInOneOperator(forward: Part, backward: Part): boolean {
  return (
    forward.operator === backward.operator &&
    forward.config.units === backward.config.units &&
    forward.config.resetAfter === backward.config.resetAfter &&
    !forward.config.goBackwards &&
    backward.config.goBackwards
  );
}

function checkStates(graph: Graph, parts: readonly Part[], mask: string | undefined): void {
  const stateful = parts.find(({ config }) => config.stateful);
  if (!stateful) return;
  if (parts.some((part) => graph.stateful.has(part.layer.name))) {
    throw refused(stateful.layer, "a stateful layer applied once", {
      got: "twice, with one state for both",
      instead: "make it one that is not stateful, or two layers",
    });
  }
  for (const { layer } of parts) graph.stateful.add(layer.name);
  if (!mask) return;
  throw refused(stateful.layer, "no mask at a stateful layer", {
    got: "a mask, from Embedding's maskZero or Masking",
    instead: "leave out one of the two",
  });
}

/** Adds one operator for one part, or for a forward and a backward one. */
function addParts(
  graph: Graph,
  scope: string,
  parts: readonly Part[],
  x: string,
  masked: string | Packing | undefined,
): Result[] {
  const [{ config, operator }] = parts as [Part];
  const { units: H } = config;
  const add = (name: string, inputs: string[], attributes?: Record<string, Attribute>) =>
    addNode(graph, scope, name, inputs, attributes);
  const packing = typeof masked === "string" ? addPacking(graph, scope, masked) : masked;
  const attributes = attributesOf(parts);
  const weights = parts.map(({ layer }) =>
    layer.getWeights().map((weight) => graph.held.hold(weight)),
  );
  const packed = packing ? addPacked(graph, scope, packing, x) : x;
  const [Y, ...finals] = addNodeOf(
    graph,
    1 + statesOf(operator).length,
    scope,
    operator.name,
    [
      add("Transpose", [packed], { perm: { ints: [1, 0, 2] } }),
      ...addRecurrentWeights(graph, scope, weights, {
        units: H,
        gates: operator.gates.map((gate) => cellTable[operator.kind].gates.indexOf(gate)),
      }),
      packing?.lengths ?? "",
      ...addInitialStates(graph, scope, parts),
    ],
    { hidden_size: { int: H }, ...attributes },
  );
  const of = (value: string, d: number, axis: number) =>
    add("Gather", [value, constant(graph, d, "int64")], { axis: { int: axis } });
  // [T, D, B, H] to [B, T, D, H]
  const byRow = { perm: { ints: [2, 0, 1, 3] } };
  const outputs = config.returnSequences ? add("Transpose", [Y!], byRow) : "";
  return parts.map((part, d) => {
    const { goBackwards: backwards, returnSequences, returnState, stateful } = part.config;
    const zeroed = part.config.zeroOutputForMask ?? false;
    const needed = returnState || stateful ? finals : returnSequences ? [] : finals.slice(0, 1);
    const states = needed.map((value) => {
      const state = of(value, d, 0);
      return packing ? addFinal(graph, scope, packing, state) : state;
    });
    addFinalStates(graph, part, states);
    if (!returnSequences) {
      const [last] = states as [string];
      const output =
        packing && zeroed ? addZeroedLast(graph, scope, packing, last, backwards) : last;
      return { output, states };
    }
    const own = of(outputs, d, 2);
    const output = packing ? addUnpacked(graph, scope, packing, own, { backwards, zeroed }) : own;
    return { output, states };
  });
}

function attributesOf(parts: readonly Part[]): Record<string, Attribute> {
  const functions = parts.flatMap((part) =>
    part.operator.functions.map((option) => {
      const hardSigmoid = part.config.zeroOutputForMask === undefined ? "tfjs" : "keras";
      const known = recurrentFunction(part.config[option], hardSigmoid);
      if (known) return known;
      throw refused(
        part.layer,
        `${option} to be one that ONNX's ${part.operator.name} knows (${recurrentActivations.join(", ")})`,
        { got: part.config[option], instead: "train the model with one of those" },
      );
    }),
  );
  const [{ config, operator }] = parts as [Part];
  const numbers = (values: (number | undefined)[]) => values.filter((x) => x !== undefined);
  const [alphas, betas] = [
    numbers(functions.map((x) => x.alpha)),
    numbers(functions.map((x) => x.beta)),
  ];
  const direction = parts.length > 1 ? "bidirectional" : config.goBackwards ? "reverse" : "forward";
  return {
    direction: { string: direction },
    activations: { strings: functions.map(({ name }) => name) },
    ...(alphas.length ? { activation_alpha: { floats: alphas } } : {}),
    ...(betas.length ? { activation_beta: { floats: betas } } : {}),
    ...(operator.name === "GRU" ? { linear_before_reset: { int: config.resetAfter ? 1 : 0 } } : {}),
  };
}

/** Inputs `NAME_h` (and `NAME_c`), [B, H], of the stateful ones, as initial_h (and initial_c). */
function addInitialStates(graph: Graph, scope: string, parts: readonly Part[]): string[] {
  if (!parts[0]!.config.stateful) return [];
  return statesOf(parts[0]!.operator).map((state) => {
    const axes = constant(graph, [0], "int64");
    const given = parts.map((part) => {
      addInput(graph, `${part.layer.name}_${state}`, "float", stateShape(part));
      return addNode(graph, scope, "Unsqueeze", [`${part.layer.name}_${state}`, axes]);
    });
    if (given.length === 1) return given[0]!;
    return addNode(graph, scope, "Concat", given, { axis: { int: 0 } });
  });
}

/** Outputs `NAME_h_next` (and `NAME_c_next`), [B, H], of a stateful one. */
function addFinalStates(graph: Graph, part: Part, states: readonly string[]): void {
  if (!part.config.stateful) return;
  for (const [i, state] of statesOf(part.operator).entries()) {
    const name = `${part.layer.name}_${state}_next`;
    addOutput(graph, name, states[i]!, "float", stateShape(part));
  }
}

function stateShape({ batch, config }: Part): Dimension[] {
  return [batch, config.units];
}

/** Names of the inputs and outputs that a layer adds to the model for its states. */
export function stateNames(layer: Layer): string[] {
  const { forwardLayer, backwardLayer } = layer as Layer & {
    forwardLayer?: Layer;
    backwardLayer?: Layer;
  };
  return [forwardLayer ?? layer, backwardLayer].flatMap((part) => {
    const operator = part && operators[part.getClassName()];
    if (!operator || !(part.getConfig() as unknown as Config).stateful) return [];
    return statesOf(operator).flatMap((state) => {
      const name = `${part.name}_${state}`;
      return [name, `${name}_next`];
    });
  });
}

/** The outputs of a part in the order of its reading, or turned round from that. */
function ordered(
  graph: Graph,
  scope: string,
  { config }: Part,
  { output }: Result,
  turned: boolean,
): string {
  if (!config.returnSequences || config.goBackwards === turned) return output;
  const at = (n: number) => constant(graph, [n], "int64");
  const [start, end] = [at(-1), at(-(2 ** 53) + 2)];
  return addNode(graph, scope, "Slice", [output, start, end, at(1), at(-1)]);
}
