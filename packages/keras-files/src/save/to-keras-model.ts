import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import type { JsonObject } from "../keras/json-text.ts";
import { listedInput } from "../keras/keras-names.ts";
import { takeStates } from "../keras/keras-order.ts";
import type { Json } from "../keras/layer-classes.ts";
import { type MaskOperation, symbolicMasks, writtenOperations } from "../keras/mask-operations.ts";
import { leavesMaskBesideStates } from "../keras/mask-origin.ts";
import {
  endsOf,
  graphOf,
  type Node,
  nodeIndex,
  nodesIn,
  sourcesOf,
  type TensorSource,
  tensorOf,
} from "../keras/model-graph.ts";
import { layersOf } from "../keras/weight-paths.ts";
import { dtypePolicy, kerasLayer, type Shape, type ToKeras } from "./to-keras-config.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** A Sequential or functional model as Keras serializes it, without what it was compiled with. */
export function kerasModel(model: LayersModel, to: ToKeras): JsonObject {
  if (!(model.inputs?.length > 0)) {
    throw new Error(`${model.name}: expected a built model, whose first layer has an inputShape`);
  }
  const input = model.inputs[0]!.shape as Shape;
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
    ...(model.layers[0]?.getClassName() === "InputLayer" ? { [listedInput]: true } : {}),
  };
}

function functionalConfig(model: LayersModel, to: ToKeras): JsonObject {
  const operations = writtenOperations(model, (of) => kerasTensor(model, of));
  const maskOf = symbolicMasks(model, true, refuseMask);
  const named = (of: TensorSource): JsonObject | undefined => {
    const mask: MaskOperation | undefined = maskOf(of);
    return mask && operations.argument(mask);
  };
  const layers = layersOf(model).map((layer): JsonObject => {
    const nodes = nodesIn(model, layer).filter(({ inboundLayers }) => inboundLayers.length > 0);
    const serialized = kerasLayer(layer, to, inputShapeOf(nodes[0]));
    return {
      ...(to.legacy ? bare(serialized) : serialized),
      name: layer.name,
      inbound_nodes: nodes.map((node) => inboundNode(model, layer, node, to, named)),
    };
  });
  const ends = (which: "input" | "output"): Json => {
    const found = endsOf(model, which).map(({ layer, node, index }): Json => {
      // Here alone Keras counts a functional model's own inputs and outputs as its first call.
      const first = layer.getClassName() === "Model" ? 1 : 0;
      return [layer.name, first + nodeIndex(model, layer, node), index];
    });
    return found.length === 1 ? found[0]! : found;
  };
  return {
    ...{ name: model.name, trainable: model.trainable },
    ...{ layers: [...layers, ...operations.layers] },
    ...{ input_layers: ends("input"), output_layers: ends("output") },
  };
}

/**
 * One call of a layer: its tensors as arguments, a recurrent layer's states as `initial_state`, beside
 * which Keras obeys a mask only if the call names it.
 *
 * @throws for arguments that no file can hold.
 */
function inboundNode(
  model: LayersModel,
  layer: Layer,
  node: Node,
  to: ToKeras,
  maskOf: (of: TensorSource) => JsonObject | undefined,
): JsonObject {
  const [first, ...others] = sourcesOf(node);
  const takes = takeStates.has(layer.getClassName()) && others.length > 0;
  const { mask: _, ...given } = node.callArgs ?? {};
  // Where tfjs-layers' own layers keep the states that are among the inputs.
  if (takes) delete given.initialState;
  const kwargs: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    if (value == null) continue;
    if (name !== "training" || typeof value !== "boolean") {
      throw new Error(`${layer.name}: expected a call that a file can hold, got ${name}`);
    }
    kwargs.training = value;
  }
  const args = [first!, ...others].map((source) => kerasTensor(model, source));
  if (!takes) return { args: args.length > 1 ? [args] : args, kwargs };
  kwargs.initial_state = byCell(layer, args.slice(1));
  const mask = leavesMaskBesideStates(layer) ? undefined : maskOf(first!);
  if (mask !== undefined) kwargs.mask = mask;
  if (mask !== undefined && to.legacy) {
    throw new Error(
      `${layer.name}: expected format "keras", which can hold a mask beside initial states, got "h5", which Keras does not read with one`,
    );
  }
  return { args: [args[0]!], kwargs };
}

function refuseMask(layer: Layer, where: string): never {
  throw new Error(
    `${layer.name}: expected masks beside initial states that a file can hold, those of Embedding and Masking in one model, got one that comes ${where}`,
  );
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

function kerasTensor(model: LayersModel, of: TensorSource): JsonObject {
  const { shape, dtype } = tensorOf(of);
  const history = [of.layer.name, nodeIndex(model, of.layer, of.node), of.index];
  return { class_name: "__keras_tensor__", config: { shape, dtype, keras_history: history } };
}

function inputShapeOf(node: Node | undefined): Shape | Shape[] | undefined {
  if (!node || node.inboundLayers.length === 0) return undefined;
  return node.inputShapes.length === 1 ? node.inputShapes[0]! : node.inputShapes;
}

function inputLayerOf(model: LayersModel): Layer {
  return graphOf(model).inputLayers[0]!;
}
