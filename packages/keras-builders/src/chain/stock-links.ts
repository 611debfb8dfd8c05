// What layers of tfjs-layers itself are in a chain.

import {
  type DenseActivation,
  denseStage,
  fusedActivations,
  reshapeStage,
} from "@rnnkit/fused-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type LayerVariable, type layers, layers as stock } from "@tensorflow/tfjs-layers";
import { isStockClass } from "../graph/keras-graph.ts";
import { activationOf, KerasActivation } from "../options/keras-activation.ts";
import type { Link, Place } from "./layer-links.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** Whether a layer is a model's input. */
export const isInput = (layer: Layer): boolean => layer.getClassName() === "InputLayer";

/** The link of a layer of tfjs-layers, or why there is none. */
export function stockLink(layer: Layer, { isMasked }: Place): Link {
  if (isStock(layer, "Dense")) return denseLink(layer, isMasked);
  if (isStock(layer, "Flatten") && !isMasked) {
    const { dataFormat } = layer.getConfig();
    if (dataFormat === "channelsFirst") return { reason: "its dataFormat is channelsFirst" };
    const flat = (shape: readonly number[]) => [
      shape[0]!,
      shape.slice(1).reduce((size, n) => size * n, 1),
    ];
    return { stages: [reshapeStage(flat)], isMasked };
  }
  return { reason: `the engine has no stage for a ${layer.getClassName()}` };
}

/** Whether a layer is of tfjs-layers' own class of that name. */
export const isStock = (layer: Layer, className: string): boolean =>
  isStockClass(layer) && layer.getClassName() === className;

/** tfjs-layers' Dense, which it exports no class of. */
interface Dense {
  kernel: LayerVariable;
  bias: LayerVariable | null;
  activation: { apply: unknown };
}

/** A Dense of tfjs-layers, of rows or of the steps of a sequence. */
export function denseLink(layer: Layer, isMasked: boolean): Link {
  const { activation } = layer as unknown as Dense;
  const name = denseActivation(activation);
  if (!name) return { reason: "the engine has no stage with its activation" };
  const weights = (): { kernel: Tensor; bias?: Tensor | undefined } => {
    const { kernel, bias } = layer as unknown as Dense;
    return { kernel: kernel.read(), bias: bias?.read() };
  };
  const decidedBy = () => {
    const { activation: now } = layer as unknown as Dense;
    return [now, now?.apply];
  };
  return { stages: [denseStage(name, weights)], isMasked, decidedBy };
}

/** By tfjs-layers' names. */
const stockActivations: Readonly<Record<string, DenseActivation>> = {
  ...{ linear: "linear", relu: "relu", sigmoid: "sigmoid", tanh: "tanh", softmax: "softmax" },
  ...{ elu: "elu", softplus: "softplus", softsign: "softsign" },
  hardSigmoid: "hard_sigmoid_keras2",
};

let classes: Map<unknown, DenseActivation> | undefined;

function denseActivation(activation: { apply: unknown }): DenseActivation | undefined {
  if (activation instanceof KerasActivation) {
    const { name } = activation;
    if ((activationOf(name) as KerasActivation).apply !== activation.apply) return undefined;
    return (fusedActivations as readonly string[]).includes(name)
      ? (name as DenseActivation)
      : undefined;
  }
  if (Object.hasOwn(activation, "apply")) return undefined;
  classes ??= new Map(
    Object.entries(stockActivations).map(([name, ours]) => [
      stock.activation({ activation: name as "relu" }).activation.constructor,
      ours,
    ]),
  );
  return classes.get(activation.constructor);
}
