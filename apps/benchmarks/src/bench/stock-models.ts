// The tutorial's models of tfjs-layers' own layers, with Keras's defaults spelled out where tfjs-layers
// has others: what the fused models are timed against. A GRU's reset gate stands before the matrix
// product here, for tfjs-layers knows no other; the cost is the same.

import type { SentimentCell } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { layers, type Sequential, sequential } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;
type Activation = "tanh" | "relu";

interface RecurrentArgs {
  units: number;
  returnSequences?: boolean;
  inputShape?: number[];
  activation?: Activation;
}

// Initial weights come from the fused model, and tfjs-layers' orthogonal initializer takes seconds.
const unset = { kernelInitializer: "zeros", recurrentInitializer: "zeros" } as const;
const gates = { recurrentActivation: "sigmoid", biasInitializer: "zeros" } as const;

type Recurrent = ReturnType<typeof layers.lstm>;

/** As `lstm`. */
export const simpleRNN = (args: RecurrentArgs): Recurrent =>
  layers.simpleRNN({ activation: "tanh", biasInitializer: "zeros", ...unset, ...args });

/** A layer alone, without initial weights worth the name. */
export const lstm = (args: RecurrentArgs): Recurrent =>
  layers.lstm({ activation: "tanh", unitForgetBias: true, ...gates, ...unset, ...args });

/** As `lstm`; it resets before the product. */
export const gru = (args: RecurrentArgs): Recurrent =>
  layers.gru({ activation: "tanh", ...gates, ...unset, ...args });

/** Both directions of a layer, side by side. */
export const bidirectional = (layer: Recurrent, inputShape?: number[]): Layer =>
  layers.bidirectional({ layer, mergeMode: "concat", ...(inputShape && { inputShape }) });

/** A layer alone, as `lstm`. */
export const dense = (units: number, activation?: "sigmoid" | "softmax"): Layer =>
  layers.dense({ units, activation, kernelInitializer: "zeros" });

/** A layer alone, as `lstm`. */
export const embedding = (
  inputDim: number,
  outputDim: number,
  inputLength: number,
  maskZero = false,
): Layer =>
  layers.embedding({ inputDim, outputDim, inputLength, maskZero, embeddingsInitializer: "zeros" });

const optimizers = {
  adam: () => tf.train.adam(0.001, 0.9, 0.999, 1e-7),
  rmsprop: () => tf.train.rmsprop(0.001, 0.9, 0, 1e-7),
};

function compiled(
  stack: Layer[],
  optimizer: keyof typeof optimizers,
  loss: string,
  metrics: string[] = [],
): Sequential {
  const model = sequential({ layers: stack });
  model.compile({ optimizer: optimizers[optimizer](), loss, metrics });
  return model;
}

const sentimentCells: Record<SentimentCell, (args: RecurrentArgs) => Layer> = {
  simple_rnn: simpleRNN,
  lstm,
  gru,
  bidirectional_lstm: (args) => bidirectional(lstm(args)),
};

interface SentimentSizes {
  embeddingDim?: number;
  units?: number;
  optimizer?: "adam" | "rmsprop";
}

/** As `buildSentimentClassifier`. */
export function stockSentimentClassifier(
  cell: SentimentCell,
  vocabSize: number,
  maxLen: number,
  { embeddingDim = 32, units = 32, optimizer = "rmsprop" }: SentimentSizes = {},
): Sequential {
  return compiled(
    [
      embedding(vocabSize, embeddingDim, maxLen),
      sentimentCells[cell]({ units }),
      dense(1, "sigmoid"),
    ],
    optimizer,
    "binaryCrossentropy",
    ["acc"],
  );
}

/** As `buildStockForecaster`. */
export function stockStockForecaster(steps: number): Sequential {
  const stack = [lstm({ units: 50, inputShape: [steps, 1] }), dense(1)];
  return compiled(stack, "adam", "meanSquaredError");
}

/** As `buildLstmForecaster`. */
export function stockLstmForecaster(steps: number, features: number): Sequential {
  const relu = { units: 50, activation: "relu" as const };
  return compiled(
    [
      lstm({ ...relu, returnSequences: true, inputShape: [steps, features] }),
      layers.dropout({ rate: 0.2 }),
      lstm(relu),
      layers.dropout({ rate: 0.2 }),
      dense(1),
    ],
    "adam",
    "meanSquaredError",
  );
}

/** As `buildSimpleRnnModel`. */
export function stockSimpleRnnModel(inputShape: number[]): Sequential {
  return compiled(
    [
      simpleRNN({ units: 64, returnSequences: true, inputShape }),
      layers.dropout({ rate: 0.2 }),
      simpleRNN({ units: 32 }),
      dense(1),
    ],
    "adam",
    "meanSquaredError",
  );
}

/** As `buildLstmGruModel`. */
export function stockLstmGruModel(inputShape: number[]): Sequential {
  return compiled(
    [lstm({ units: 64, returnSequences: true, inputShape }), gru({ units: 32 }), dense(1)],
    "adam",
    "meanSquaredError",
  );
}

/** As `buildBidirectionalRnnModel`. */
export function stockBidirectionalRnnModel(inputShape: number[]): Sequential {
  return compiled(
    [
      bidirectional(lstm({ units: 64, returnSequences: true }), inputShape),
      bidirectional(gru({ units: 32 })),
      dense(1),
    ],
    "adam",
    "meanSquaredError",
  );
}

/** As `buildStackedRnnModel`. */
export function stockStackedRnnModel(inputShape: number[]): Sequential {
  return compiled(
    [
      lstm({ units: 64, returnSequences: true, inputShape }),
      lstm({ units: 32, returnSequences: true }),
      gru({ units: 16 }),
      dense(1),
    ],
    "adam",
    "meanSquaredError",
  );
}

/** As `buildVariableLengthModel`. */
export function stockVariableLengthModel(
  maxLength: number,
  vocabSize: number,
  classes: number,
): Sequential {
  return compiled(
    [embedding(vocabSize, 64, maxLength, true), lstm({ units: 64 }), dense(classes, "softmax")],
    "adam",
    "sparseCategoricalCrossentropy",
    ["accuracy"],
  );
}
