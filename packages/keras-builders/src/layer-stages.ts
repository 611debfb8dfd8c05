// The stages of each layer that the engine computes.

import {
  bidirectionalStage,
  type DenseActivation,
  denseStage,
  dropoutStage,
  fusedActivations,
  lookupStage,
  maskingStage,
  type RecurrentStageOptions,
  recurrentStage,
  reshapeStage,
  type Stage,
  type StageMerge,
} from "@rnnkit/fused-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  type LayerVariable,
  type layers,
  type Shape,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { BidirectionalLayer } from "./bidirectional-layer.ts";
import { DropoutLayer } from "./dropout-layer.ts";
import { EmbeddingLayer } from "./embedding-layer.ts";
import type { FusedLayer } from "./fused-layer.ts";
import { GruLayer } from "./gru-layer.ts";
import { KerasActivation } from "./keras-activation.ts";
import { isStockClass } from "./keras-graph.ts";
import { LstmLayer } from "./lstm-layer.ts";
import { MaskingLayer } from "./masking-layer.ts";
import { SimpleRnnLayer } from "./simple-rnn-layer.ts";
import { TimeDistributedLayer } from "./time-distributed-layer.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** What is known of a layer's place. */
export interface Place {
  /** Whether a mask comes with its input. */
  isMasked: boolean;
  /** The layer behind it. */
  next: Layer | undefined;
}

/** What a layer comes to. */
export type Link =
  | { stages: readonly Stage[]; isMasked: boolean; inner?: readonly Layer[] }
  | { reason: string };

/** The class of a layer, and of nothing that extends it. */
const isOf = <L extends Layer>(layer: Layer, Class: { prototype: L }): layer is L =>
  Object.getPrototypeOf(layer) === Class.prototype;

const isFusedLayer = (layer: Layer | undefined): layer is FusedLayer =>
  layer !== undefined &&
  (isOf(layer, LstmLayer) || isOf(layer, GruLayer) || isOf(layer, SimpleRnnLayer));

const isStock = (layer: Layer, className: string): boolean =>
  isStockClass(layer) && layer.getClassName() === className;

/** Whether a layer is a model's input. */
export const isInput = (layer: Layer): boolean => layer.getClassName() === "InputLayer";

/** The stages of a layer, or why there are none. */
export function stageOf(layer: Layer, place: Place): Link {
  const { isMasked } = place;
  if (isOf(layer, EmbeddingLayer)) return ofEmbedding(layer, place);
  if (isFusedLayer(layer)) return ofRecurrent(layer, isMasked);
  if (isOf(layer, BidirectionalLayer)) return ofBidirectional(layer, isMasked);
  if (isOf(layer, DropoutLayer)) {
    if (layer.noiseShape !== null) return { reason: "it has a noiseShape" };
    return { stages: [dropoutStage(() => layer.draw())], isMasked };
  }
  if (isOf(layer, MaskingLayer)) return { stages: [maskingStage(layer.maskValue)], isMasked: true };
  if (isOf(layer, TimeDistributedLayer)) {
    if (!isStock(layer.layer, "Dense")) return { reason: "it is not around a Dense" };
    return { ...ofDense(layer.layer, isMasked), inner: [layer.layer] };
  }
  if (isStock(layer, "Dense")) return ofDense(layer, isMasked);
  if (isStock(layer, "Flatten") && !isMasked) {
    const flat = (shape: readonly number[]) => [
      shape[0]!,
      shape.slice(1).reduce((size, n) => size * n, 1),
    ];
    return { stages: [reshapeStage(flat)], isMasked };
  }
  return { reason: `the engine has no stage for a ${layer.getClassName()}` };
}

function ofEmbedding(layer: EmbeddingLayer, { next }: Place): Link {
  const isLooked = isFusedLayer(next) || (next !== undefined && isOf(next, BidirectionalLayer));
  const [ids] = (layer.inboundNodes[0]?.inputShapes ?? []) as Shape[];
  if (isLooked && ids?.length !== 2) return { reason: "its tokens are not [B, T]" };
  const stage = lookupStage({
    who: layer.name,
    table: () => layer.embeddings!.read(),
    masksZero: layer.maskZero,
    isLeft: isLooked,
  });
  return { stages: [stage], isMasked: layer.maskZero };
}

function ofRecurrent(layer: FusedLayer, isMasked: boolean): Link {
  const reason = refusal(layer);
  if (reason) return { reason };
  const { returnSequences } = layer.options;
  return { stages: [recurrentStage(stageOptions(layer))], isMasked: isMasked && returnSequences };
}

function ofBidirectional(layer: BidirectionalLayer, isMasked: boolean): Link {
  const { forwardLayer: one, backwardLayer: two, mergeMode } = layer;
  if (!(isFusedLayer(one) && isFusedLayer(two))) return { reason: "its cells are not fused ones" };
  const reason = refusal(one) ?? refusal(two);
  if (reason) return { reason };
  if (mergeMode === null) return { reason: "its outputs are not merged" };
  const directions = [stageOptions(one), stageOptions(two)] as const;
  if (directions[0].goBackwards) return { reason: "its first direction goes backwards" };
  const isAlike = (["cell", "activation", "recurrentActivation", "zeroOutputForMask"] as const)
    .map((name) => directions[0][name] === directions[1][name])
    .every(Boolean);
  const isOneSize = one.cell.options.units === two.cell.options.units;
  if (!isAlike || !isOneSize) return { reason: "its directions are not alike" };
  const stage = bidirectionalStage(directions, mergeMode as StageMerge);
  return { stages: [stage], isMasked: isMasked && layer.returnSequences, inner: [one, two] };
}

function refusal({ options, cell }: FusedLayer): string | undefined {
  if (options.returnState) return "it returns its states";
  for (const name of ["activation", "recurrentActivation"] as const) {
    const activation = cell.options[name];
    if (!(fusedActivations as readonly string[]).includes(activation)) {
      return `${activation} is not a fused activation`;
    }
  }
  return undefined;
}

function stageOptions(layer: FusedLayer): RecurrentStageOptions {
  const { cell } = layer;
  const { activation, recurrentActivation } = cell.options;
  const { returnSequences, goBackwards, zeroOutputForMask, stateful } = layer.options;
  return {
    ...{ cell: cell.kind, activation, recurrentActivation },
    ...{ returnSequences, goBackwards, zeroOutputForMask },
    weights: () => ({
      kernel: cell.kernel.read(),
      recurrentKernel: cell.recurrentKernel.read(),
      bias: cell.bias?.read(),
    }),
    dropout: (B, I) => cell.drawArrays(B, I),
    ...(stateful && {
      initialState: () => layer.states,
      carry: (state: readonly Float32Array[]) => layer.carryNumbers(state),
    }),
  };
}

/** tfjs-layers' Dense, which it exports no class of. */
interface Dense {
  kernel: LayerVariable;
  bias: LayerVariable | null;
  activation: object;
}

function ofDense(layer: Layer, isMasked: boolean): Link {
  const { activation } = layer as unknown as Dense;
  const name = denseActivation(activation);
  if (!name) return { reason: "the engine has no stage with its activation" };
  const weights = (): { kernel: Tensor; bias?: Tensor | undefined } => {
    const { kernel, bias } = layer as unknown as Dense;
    return { kernel: kernel.read(), bias: bias?.read() };
  };
  return { stages: [denseStage(name, weights)], isMasked };
}

/** By tfjs-layers' names. */
const stockActivations: Readonly<Record<string, DenseActivation>> = {
  ...{ linear: "linear", relu: "relu", sigmoid: "sigmoid", tanh: "tanh", softmax: "softmax" },
  ...{ elu: "elu", selu: "selu", softplus: "softplus", softsign: "softsign" },
  hardSigmoid: "hard_sigmoid_keras2",
};

let classes: Map<unknown, DenseActivation> | undefined;

function denseActivation(activation: object): DenseActivation | undefined {
  if (activation instanceof KerasActivation) {
    const { name } = activation;
    return (fusedActivations as readonly string[]).includes(name)
      ? (name as DenseActivation)
      : undefined;
  }
  classes ??= new Map(
    Object.entries(stockActivations).map(([name, ours]) => [
      stock.activation({ activation: name as "relu" }).activation.constructor,
      ours,
    ]),
  );
  return classes.get(activation.constructor);
}
