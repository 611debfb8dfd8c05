import { shown } from "@rnnkit/core-rnn";
import { type LayersModel, type layers, Sequential } from "@tensorflow/tfjs-layers";
import { isKnownLoss } from "../compile/chain-loss.ts";
import type { Compiled } from "../compile/compiled-model.ts";
import { isKerasModel } from "../graph/keras-graph.ts";
import { hasPlainSteps } from "./chain-step.ts";
import { chainOf, isChain, linksOf, type ModelChain, type Unfused } from "./model-chain.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** How a layer of a model is computed. */
export interface LayerSpeed {
  name: string;
  className: string;
  /** Whether the engine can run it as a link of a chain. */
  isFused: boolean;
  /** Why not. */
  reason?: string;
}

/** What {@link explainSpeed} found. */
export interface SpeedReport {
  /** Whether a prediction runs in the engine as a whole; then **reason** is absent. */
  predicts: boolean;
  /** Whether a training step does, up to the optimizer's. */
  trains: boolean;
  /** What stands in the way of the first of them that does not, with the layer's name where it is a layer. */
  reason?: string;
  /** Of each layer, in the model's order. */
  layers: LayerSpeed[];
}

/**
 * Says whether a model runs as a whole: each batch of `fit`, `trainOnBatch`, `evaluate` and `predict` in the engine,
 * without an operation of tfjs between its layers, or layer by layer, and why.
 *
 * As a whole run models whose layers stand one behind the other, each of a kind that the engine has: Embedding,
 * SimpleRNN, LSTM, GRU, Bidirectional around them, Masking, Dropout, Dense, TimeDistributed around Dense, Flatten;
 * with activations that are fused, without regularizers, on a backend whose tensors can be read at once. The numbers
 * are those of the usual way to float32's rounding.
 *
 * @throws TypeError for what is no model of tfjs-layers.
 * @example
 * const { trains, reason } = explainSpeed(model); // => false, "lstm_1: it has a regularizer"
 */
export function explainSpeed(model: LayersModel): SpeedReport {
  if (!Array.isArray(model?.layers)) {
    throw new TypeError(`explainSpeed: expected a model, got ${shown(model)}`);
  }
  // A Sequential trains by the model in it, which tfjs-layers makes when it is called or compiled first.
  if (model instanceof Sequential && !model.built && model.outputs?.length) model.build();
  const { model: inner } = model as { model?: LayersModel };
  const trained = inner ?? model;
  const chain = knownChain(trained);
  const links = linksOf(trained);
  const parts = model.layers.map((layer: Layer): LayerSpeed => {
    const reason = links.get(layer);
    const own = { name: layer.name, className: layer.getClassName() };
    return reason === undefined ? { ...own, isFused: true } : { ...own, isFused: false, reason };
  });
  if (!isChain(chain)) {
    const { layer, reason } = chain;
    const told = layer === undefined ? reason : `${layer}: ${reason}`;
    return { predicts: false, trains: false, reason: told, layers: parts };
  }
  const reason = trainingReason(trained as unknown as Partial<Compiled>);
  if (reason !== undefined) return { predicts: true, trains: false, reason, layers: parts };
  return { predicts: true, trains: true, layers: parts };
}

/** Why a model that runs as a whole does not train so. */
function trainingReason({ optimizer, lossFunctions }: Partial<Compiled>): string | undefined {
  if (!optimizer || !lossFunctions) return "it is not compiled";
  if (!hasPlainSteps(optimizer)) return "its optimizer has a minimize of its own";
  return isKnownLoss(lossFunctions[0]!) ? undefined : "its loss is a function of your own";
}

/** The chain of a model, or why it has none; tfjs-layers' own models have none, nor have those that are not built. */
function knownChain(model: LayersModel): ModelChain | Unfused {
  if (!model.outputs?.length) return { reason: "it is not built" };
  return isKerasModel(model) ? chainOf(model) : { reason: "it has no layer of this package" };
}
