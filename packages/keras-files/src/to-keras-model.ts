import type { LayersModel, layers, SymbolicTensor } from "@tensorflow/tfjs-layers";
import type { JsonObject } from "./json-text.ts";
import type { Json } from "./layer-classes.ts";
import {
  dtypePolicy,
  kerasLayer,
  type Shape,
  type ToKeras,
  takeStates,
} from "./to-keras-config.ts";
import { layersOf } from "./weight-paths.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** One application of a layer, as tfjs-layers keeps it. */
interface Node {
  inboundLayers: Layer[];
  nodeIndices: number[];
  tensorIndices: number[];
  inputTensors: SymbolicTensor[];
  inputShapes: Shape[];
  callArgs: Record<string, unknown> | null;
}

/** What tfjs-layers knows of a model's graph. */
interface Graph {
  containerNodes: Set<string>;
  inputLayers: Layer[];
  inputLayersNodeIndices: number[];
  inputLayersTensorIndices: number[];
  outputLayers: Layer[];
  outputLayersNodeIndices: number[];
  outputLayersTensorIndices: number[];
}

/** A Sequential or functional model as Keras serializes it, without what it was compiled with. */
export function kerasModel(model: LayersModel, to: ToKeras): JsonObject {
  if (!(model.inputs?.length > 0)) {
    throw new Error(`${model.name}: expected a built model, whose first layer has an inputShape`);
  }
  const input = shapeOf(model.inputs[0]!);
  const serialized: JsonObject =
    model.getClassName() === "Sequential"
      ? {
          module: "keras",
          class_name: "Sequential",
          config: sequentialConfig(model, to, input),
          registered_name: null,
          build_config: { input_shape: input },
          compile_config: {},
        }
      : {
          module: "keras.src.models.functional",
          class_name: "Functional",
          config: functionalConfig(model, to),
          registered_name: "Functional",
          build_config: { input_shape: null },
          compile_config: {},
        };
  return to.legacy ? bare(serialized) : serialized;
}

/** What a legacy file holds of a layer: its class and config. */
function bare({ class_name, config }: JsonObject): JsonObject {
  return { class_name: class_name!, config: config! };
}

function sequentialConfig(model: LayersModel, to: ToKeras, input: Shape): JsonObject {
  const layers = [inputLayerOf(model), ...layersOf(model)].map((layer) => {
    const serialized = kerasLayer(layer, to, inputShapeOf(nodesIn(model, layer)[0]));
    return to.legacy ? bare(serialized) : serialized;
  });
  return {
    ...{ name: model.name, trainable: model.trainable, dtype: dtypePolicy },
    ...{ layers, build_input_shape: input },
  };
}

function functionalConfig(model: LayersModel, to: ToKeras): JsonObject {
  const graph = graphOf(model);
  const layers = layersOf(model).map((layer) => {
    const nodes = nodesIn(model, layer).filter(({ inboundLayers }) => inboundLayers.length > 0);
    const serialized = kerasLayer(layer, to, inputShapeOf(nodes[0]));
    return {
      ...(to.legacy ? bare(serialized) : serialized),
      name: layer.name,
      inbound_nodes: nodes.map((node) => inboundNode(model, layer, node)),
    };
  });
  const ends = (which: "input" | "output"): Json => {
    const found = graph[`${which}Layers`].map((layer, i): Json => {
      const node = nodeIndex(model, layer, graph[`${which}LayersNodeIndices`][i]!);
      // Here alone Keras counts a functional model's own inputs and outputs as its first call.
      const first = layer.getClassName() === "Model" ? 1 : 0;
      return [layer.name, first + node, graph[`${which}LayersTensorIndices`][i]!];
    });
    return found.length === 1 ? found[0]! : found;
  };
  return {
    ...{ name: model.name, trainable: model.trainable, layers },
    ...{ input_layers: ends("input"), output_layers: ends("output") },
  };
}

/**
 * One call of a layer: its tensors as arguments, a recurrent layer's states as `initial_state`.
 *
 * @throws for arguments that no file can hold.
 */
function inboundNode(model: LayersModel, layer: Layer, node: Node): JsonObject {
  const { mask: _, ...given } = node.callArgs ?? {};
  const kwargs: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    if (value == null) continue;
    if (name !== "training" || typeof value !== "boolean") {
      throw new Error(`${layer.name}: expected a call that a file can hold, got ${name}`);
    }
    kwargs.training = value;
  }
  const [first, ...others] = node.inboundLayers.map((from, i) => kerasTensor(model, node, from, i));
  if (others.length === 0) return { args: [first!], kwargs };
  if (takeStates.has(layer.getClassName())) {
    kwargs.initial_state = byCell(layer, others);
    return { args: [first!], kwargs };
  }
  return { args: [[first!, ...others]], kwargs };
}

/** Keras nests the states of stacked cells: one list a cell. */
function byCell(layer: Layer, states: Json[]): Json[] {
  const { cells } = (layer as { cell?: { cells?: { stateSize: number | number[] }[] } }).cell ?? {};
  if (!cells) return states;
  let at = 0;
  return cells.map(({ stateSize }) => {
    const count = [stateSize].flat().length;
    const own = states.slice(at, at + count);
    at += count;
    return Array.isArray(stateSize) ? own : own[0]!;
  });
}

function kerasTensor(model: LayersModel, node: Node, from: Layer, i: number): Json {
  const { shape, dtype } = node.inputTensors[i]!;
  const index = nodeIndex(model, from, node.nodeIndices[i]!);
  return {
    class_name: "__keras_tensor__",
    config: { shape, dtype, keras_history: [from.name, index, node.tensorIndices[i]!] },
  };
}

/** A Sequential model keeps its graph in a model inside, which it makes when it is built. */
function graphOf(model: LayersModel): Graph {
  if (model.getClassName() !== "Sequential") return model as unknown as Graph;
  const holder = model as unknown as { model: Graph | undefined; build(): void };
  if (!holder.model) holder.build();
  return holder.model!;
}

function nodesIn(model: LayersModel, layer: Layer): Node[] {
  const { containerNodes } = graphOf(model);
  const nodes = (layer as unknown as { inboundNodes: Node[] }).inboundNodes;
  return nodes.filter((_, i) => containerNodes.has(nodeKey(layer, i)));
}

/** The how manieth call of the layer in this model a node is: calls elsewhere do not count. */
function nodeIndex(model: LayersModel, layer: Layer, node: number): number {
  const { containerNodes } = graphOf(model);
  let index = 0;
  for (let i = 0; i < node; i++) if (containerNodes.has(nodeKey(layer, i))) index++;
  return index;
}

const nodeKey = (layer: Layer, node: number): string => `${layer.name}_ib-${node}`;

function inputShapeOf(node: Node | undefined): Shape | Shape[] | undefined {
  if (!node || node.inboundLayers.length === 0) return undefined;
  return node.inputShapes.length === 1 ? node.inputShapes[0]! : node.inputShapes;
}

function inputLayerOf(model: LayersModel): Layer {
  return graphOf(model).inputLayers[0]!;
}

function shapeOf(tensor: SymbolicTensor): Shape {
  return tensor.shape as Shape;
}
