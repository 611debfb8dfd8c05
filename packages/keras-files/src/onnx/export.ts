import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { type HeldTensors, heldTensors } from "../held-tensors.ts";
import { checkModel } from "../model-argument.ts";
import {
  addInput,
  addOutput,
  type Dimension,
  emptyGraph,
  type Graph,
  modelBytes,
} from "./graph.ts";
import { addLayer, type Layer, type Value } from "./layer.ts";
import { stateNames } from "./recurrent.ts";
import { refused } from "./refusal.ts";

const who = "exportOnnx";

/**
 * A model as the bytes of an ONNX file, operator set 17, which onnxruntime reads from 1.12 (2022) on:
 * for Python, C++, Java, C#, Rust or a page without TensorFlow.js. Predictions are the same to 1e-5.
 *
 * Sequential models, and functional ones in which each layer has one input, of Embedding, SimpleRNN,
 * LSTM, GRU (both ways of resetting), Bidirectional (every merge mode), Dense, TimeDistributed,
 * Activation, Flatten, Masking, Dropout and other noise (nothing, when a model predicts), and models
 * of them as layers; of this project and of tfjs-layers, each with its own numbers.
 *
 * - **Names**: an input and an output are called as the layers they come from, as in
 *   `model.inputNames` and `outputNames` of a model that has predicted; a layer's second one is
 *   `NAME_1`.
 * - **Shapes**: batch and time are free (*batch*, *time*) unless the model fixes them.
 * - **Tokens**, what an Embedding reads from an input, are int32. One outside the vocabulary is an
 *   error when the model runs, but for -1 and below, which count from the end.
 * - **Masks** (`maskZero`, Masking) of any pattern are obeyed; refused at a stateful layer, around a
 *   recurrent layer in a TimeDistributed, and at the border of a model that is a layer.
 * - A **stateful** layer's state is an input, `NAME_h` (and `NAME_c` of an LSTM), [batch, units], zeros
 *   at the start, and an output, `NAME_h_next` (`NAME_c_next`), to be fed to the next call.
 * - **Activations** of recurrent layers: tanh, sigmoid, relu, elu, leaky_relu, softplus, softsign,
 *   linear and hard_sigmoid; ONNX's operators know no selu, gelu, silu or exponential. Dense and
 *   Activation take all that tfjs-layers has, and those that models from Keras bring.
 * - **Not written**: layers with several inputs (merges, initial states), RNN over cells, convolutions
 *   and everything else not named above; training (dropout, losses, optimizer).
 *
 * Everything but tokens is float32. Peak memory is the file and twice its largest weight.
 *
 * Reference: https://onnx.ai/onnx/operators/
 *
 * @throws before a weight is read: for a model without shapes, for a layer or an option that ONNX
 * cannot say, by name, and for a file beyond 2 GB, the limit of its format.
 * @example
 * await writeFile("model.onnx", await exportOnnx(model));
 */
export async function exportOnnx(model: LayersModel): Promise<Uint8Array<ArrayBuffer>> {
  checkModel(who, model);
  const held = heldTensors();
  try {
    return await modelBytes(who, graphOf(model, held));
  } finally {
    held.release();
  }
}

function graphOf(model: LayersModel, held: HeldTensors): Graph {
  const { inputs, outputs } = model;
  if (!inputs?.length || !outputs?.length) {
    throw new Error(
      `${who}: expected a model that knows its shapes, got ${model.name}; give the first layer an inputShape, or call model.build`,
    );
  }
  const layers = model.layers.flatMap(flatLayers);
  const inputNames = inputs.map((input) => input.sourceLayer.name);
  const names = outputNames(outputs, inputNames);
  const graph = emptyGraph([...inputNames, ...names, ...layers.flatMap(stateNames)], held);
  const values = new Map<number, Value>();
  for (const input of inputs) {
    const readers = layers.filter((layer) => layer !== input.sourceLayer && reads(layer, input));
    const tokens = input.dtype === "int32" || readers.every((layer) => isEmbedding(layer));
    const { name } = input.sourceLayer;
    const type = tokens && readers.length > 0 ? "int32" : "float";
    addInput(graph, name, type, dimensions(input, name));
    values.set(input.id, { name, type });
  }
  for (const [i, output] of outputs.entries()) {
    const value = valueFor(graph, output, values);
    addOutput(graph, names[i]!, value.name, value.type, dimensions(output, names[i]!));
  }
  return graph;
}

/** The value of a symbolic tensor, with the layers that lead to it added where they are not yet. */
function valueFor(graph: Graph, symbolic: SymbolicTensor, values: Map<number, Value>): Value {
  const known = values.get(symbolic.id);
  if (known) return known;
  const layer = symbolic.sourceLayer;
  const { inputTensors, outputTensors } = layer.inboundNodes[symbolic.nodeIndex]!;
  if (inputTensors.length !== 1) {
    throw refused(layer, "one input", {
      got: `${inputTensors.length}, of which a state or a merge is made`,
      instead: "export the part of the model without it, as a model of its own",
    });
  }
  const results = addAny(graph, layer, valueFor(graph, inputTensors[0]!, values));
  for (const [i, output] of outputTensors.entries()) values.set(output.id, results[i]!);
  return values.get(symbolic.id)!;
}

function addAny(graph: Graph, layer: Layer, x: Value): Value[] {
  const model = asModel(layer);
  if (!model) return addLayer(graph, layer, x, addAny);
  const values = new Map([[model.inputs[0]!.id, x]]);
  const results = model.outputs.map((output) => valueFor(graph, output, values));
  // tfjs-layers neither hands masks over nor ends them at the border of a model in a model.
  if ([x, ...results].some(({ mask }) => mask)) {
    throw refused(layer, "no mask into or out of a model that is a layer", {
      got: "one, from Embedding's maskZero or Masking",
      instead: "add its layers one by one",
    });
  }
  return results;
}

/** A model that serves as a layer, or undefined for any other layer. */
function asModel(layer: Layer): LayersModel | undefined {
  const { layers, inputs, outputs } = layer as Partial<LayersModel>;
  return layers && inputs && outputs ? (layer as unknown as LayersModel) : undefined;
}

/** A layer and those in it. */
function flatLayers(layer: Layer): Layer[] {
  const inner = (layer as { layer?: Layer }).layer;
  const parts = asModel(layer)?.layers ?? (inner?.getClassName ? [inner] : []);
  return [layer, ...parts.flatMap(flatLayers)];
}

function reads(layer: Layer, input: SymbolicTensor): boolean {
  return layer.inboundNodes.some((node) => node.inputTensors.some(({ id }) => id === input.id));
}

function isEmbedding(layer: Layer): boolean {
  const first = asModel(layer)?.layers.find((part) => part.getClassName() !== "InputLayer");
  return first ? isEmbedding(first) : layer.getClassName() === "Embedding";
}

/** Named after their layers; what a layer puts out beyond its first output is numbered. */
function outputNames(outputs: readonly SymbolicTensor[], inputNames: readonly string[]): string[] {
  const taken = new Map(inputNames.map((name) => [name, 1]));
  return outputs.map(({ sourceLayer: { name } }) => {
    const before = taken.get(name) ?? 0;
    taken.set(name, before + 1);
    return before ? `${name}_${before}` : name;
  });
}

function dimensions({ shape }: SymbolicTensor, name: string): Dimension[] {
  const free = ["batch", "time"];
  return shape.map((n, i) => n ?? free[i] ?? `${name}_${i}`);
}
