// Layers from Keras's own JSON, of this package or of stock tfjs-layers.

import type { layers as stock } from "@tensorflow/tfjs-layers";
import * as layers from "./layers/layers.ts";

export type Layer = InstanceType<typeof stock.Layer>;
// biome-ignore lint/suspicious/noExplicitAny: Keras's configs are open-ended JSON.
export type Json = any;
/** What makes a layer of each of Keras's classes. */
export type Api = Record<string, (config: never) => Layer>;

/** What Keras calls its classes, and who makes them here. */
export const ours: Api = {
  SimpleRNN: layers.simpleRNN,
  LSTM: layers.lstm,
  GRU: layers.gru,
  RNN: layers.rnn,
  StackedRNNCells: layers.stackedRNNCells,
  SimpleRNNCell: layers.simpleRNNCell,
  LSTMCell: layers.lstmCell,
  GRUCell: layers.gruCell,
  Bidirectional: layers.bidirectional,
  TimeDistributed: layers.timeDistributed,
  Embedding: layers.embedding,
  Masking: layers.masking,
  Dense: layers.dense,
  Dropout: layers.dropout,
};

const camel = (word: string) => word.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function camelKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key]) => key !== "dtype");
  return Object.fromEntries(entries.map(([key, inner]) => [camel(key), camelKeys(inner)]));
}

const inner = ["layer", "backward_layer", "cell", "cells"];

/** A layer from Keras's config, every option in it, and those of **first**. */
export function layerFrom(api: Api, { class_name, config }: Json, first: object = {}): Layer {
  const args = { ...camelKeys(config), ...first };
  for (const name of inner) {
    const part = config[name];
    if (!part) continue;
    args[camel(name)] = Array.isArray(part)
      ? part.map((each) => layerFrom(api, each))
      : layerFrom(api, part);
  }
  return api[class_name]!(args as never);
}
