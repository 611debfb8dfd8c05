import { layers as stock } from "@tensorflow/tfjs-layers";
import type { Api, Layer } from "../keras-json.fixture.ts";

type Make = (args: never) => Layer;
/** As tfjs-layers spells activations. */
const spelled = (name: unknown) =>
  typeof name === "string"
    ? name.replace("silu", "swish").replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
    : name;

function withNames(make: Make): Make {
  return ((args: Record<string, unknown>) => {
    const given = { ...args };
    for (const option of ["activation", "recurrentActivation"]) {
      if (option in given) given[option] = spelled(given[option]);
    }
    return make(given as never);
  }) as Make;
}

/** Stock tfjs-layers with its own defaults. */
export const bareStock: Api = {
  SimpleRNN: withNames(stock.simpleRNN),
  LSTM: withNames(stock.lstm),
  GRU: withNames(stock.gru),
  RNN: stock.rnn as Make,
  StackedRNNCells: stock.stackedRNNCells as Make,
  SimpleRNNCell: withNames(stock.simpleRNNCell),
  LSTMCell: withNames(stock.lstmCell),
  GRUCell: withNames(stock.gruCell),
  Bidirectional: stock.bidirectional,
  TimeDistributed: stock.timeDistributed,
  Embedding: stock.embedding,
  Masking: stock.masking,
  Dense: stock.dense,
  Dropout: stock.dropout,
};

/** Where its defaults are not Keras's but it can do what they say. */
const kerasDefaults: Record<string, object> = {
  SimpleRNN: { kernelInitializer: "glorotUniform" },
  LSTM: {
    kernelInitializer: "glorotUniform",
    recurrentActivation: "sigmoid",
    unitForgetBias: true,
  },
  GRU: { kernelInitializer: "glorotUniform", recurrentActivation: "sigmoid" },
};

/** Stock tfjs-layers, Keras's defaults spelled out. */
export const stockLayers: Api = Object.fromEntries(
  Object.entries(bareStock).map(([name, make]) => {
    const defaults = kerasDefaults[name.replace("Cell", "")];
    return [name, (args: object) => make({ ...defaults, ...args } as never)];
  }),
);
