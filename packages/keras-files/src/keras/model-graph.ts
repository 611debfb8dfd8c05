// What tfjs-layers knows of a model's graph and does not tell: which call of which layer gave each tensor.

import type { LayersModel, layers, Shape, SymbolicTensor } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;

/** One application of a layer, as tfjs-layers keeps it. */
export interface Node {
  inboundLayers: Layer[];
  nodeIndices: number[];
  tensorIndices: number[];
  outputTensors: SymbolicTensor[];
  inputShapes: Shape[];
  callArgs: Record<string, unknown> | null;
}

/** An output of one call of a layer. */
export interface TensorSource {
  layer: Layer;
  /** Which of the layer's calls, in this model or elsewhere. */
  node: number;
  index: number;
}

/** The ends of a model. */
export interface Graph {
  containerNodes: Set<string>;
  inputLayers: Layer[];
  inputLayersNodeIndices: number[];
  inputLayersTensorIndices: number[];
  outputLayers: Layer[];
  outputLayersNodeIndices: number[];
  outputLayersTensorIndices: number[];
}

/** A Sequential model keeps its graph in a model inside, which it makes when it is built. */
export function graphOf(model: LayersModel): Graph {
  if (model.getClassName() !== "Sequential") return model as unknown as Graph;
  const holder = model as unknown as { model: Graph | undefined; build(): void };
  if (!holder.model) holder.build();
  return holder.model!;
}

/** Where a model's inputs and outputs come from. */
export function endsOf(model: LayersModel, which: "input" | "output"): TensorSource[] {
  const graph = graphOf(model);
  return graph[`${which}Layers`].map((layer, i) => ({
    layer,
    node: graph[`${which}LayersNodeIndices`][i]!,
    index: graph[`${which}LayersTensorIndices`][i]!,
  }));
}

/** Where a call's inputs come from. */
export function sourcesOf(node: Node): TensorSource[] {
  return node.inboundLayers.map((layer, i) => ({
    ...{ layer, node: node.nodeIndices[i]!, index: node.tensorIndices[i]! },
  }));
}

/** The call that gave a tensor. */
export function nodeOf({ layer, node }: TensorSource): Node {
  return (layer as unknown as { inboundNodes: Node[] }).inboundNodes[node]!;
}

/** The tensor itself. */
export function tensorOf(source: TensorSource): SymbolicTensor {
  return nodeOf(source).outputTensors[source.index]!;
}

/** The calls of a layer in this model. */
export function nodesIn(model: LayersModel, layer: Layer): Node[] {
  const { containerNodes } = graphOf(model);
  const nodes = (layer as unknown as { inboundNodes: Node[] }).inboundNodes;
  return nodes.filter((_, i) => containerNodes.has(nodeKey(layer, i)));
}

/** The how manieth call of the layer in this model a node is: calls elsewhere do not count. */
export function nodeIndex(model: LayersModel, layer: Layer, node: number): number {
  const { containerNodes } = graphOf(model);
  let index = 0;
  for (let i = 0; i < node; i++) if (containerNodes.has(nodeKey(layer, i))) index++;
  return index;
}

const nodeKey = (layer: Layer, node: number): string => `${layer.name}_ib-${node}`;
