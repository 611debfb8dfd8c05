// One row for each class that this project and Keras both know: the layer in a model, behind a mask or not.

import { layers } from "@rnnkit/keras-builders";
import {
  input,
  type LayersModel,
  model as modelOf,
  type SymbolicTensor,
  type layers as stock,
} from "@tensorflow/tfjs-layers";
import { fill, filled, type Input } from "./saved-models.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;
type Tensors = SymbolicTensor | SymbolicTensor[];
/** The functions of this package, or those of tf.layers of the same names. */
type Functions = typeof layers;

interface Row {
  /** What is put out for a tensor [B, ...shape] that carries a mask, or none. */
  make(x: SymbolicTensor, from: Functions): Tensors;
  /** Default [4, 3]. */
  shape?: number[];
  /** Begins the error of the layer under the mask, where Keras refuses it too. */
  refused?: string;
}

const on = (layer: Layer, ...given: SymbolicTensor[]): SymbolicTensor[] =>
  [layer.apply(given.length === 1 ? given[0]! : given)].flat() as SymbolicTensor[];
const image = [4, 4, 2];

/** The layer alone, and with a recurrent one behind it that would obey what mask is left. */
const alone = (make: (from: Functions) => Layer, more: Partial<Row> = {}): Row => ({
  make: (x, from) => on(make(from), x),
  ...more,
});
const followed = (make: (from: Functions) => Layer, more: Partial<Row> = {}): Row => ({
  make: (x, from) => {
    const [y] = on(make(from), x) as [SymbolicTensor];
    return [y, ...on(layers.lstm({ units: 2 }), y)];
  },
  ...more,
});
/** Two tensors with other masks, then their merge and one of a masked and an unmasked one. */
const merged = (make: (from: Functions) => Layer, more: Partial<Row> = {}): Row => ({
  make: (x, from) => {
    const [y] = on(layers.masking({ maskValue: 1 }), x) as [SymbolicTensor];
    const [z] = on(layers.permute({ dims: [1, 2] }), x) as [SymbolicTensor];
    const [both] = on(make(from), x, y) as [SymbolicTensor];
    const [half] = on(make(from), z, x) as [SymbolicTensor];
    const [last] = on(layers.lstm({ units: 2 }), both) as [SymbolicTensor];
    return [both, half, last];
  },
  ...more,
});
/** What attends to itself, and a recurrent layer behind it that obeys its mask. */
const attending = (make: (from: Functions) => Layer): Row => ({
  make: (x, from) => {
    const [y] = on(make(from), x, x) as [SymbolicTensor];
    return [y, ...on(layers.lstm({ units: 2 }), y)];
  },
});
/** All that a recurrent layer puts out, and what starts from its states under the mask. */
const recurrent = (name: "simpleRNN" | "lstm" | "gru"): Row => ({
  make: (x, from) => {
    const gates = name === "simpleRNN" ? {} : { recurrentActivation: "sigmoid" as const };
    const make = (more: object): Layer =>
      from[name]({ units: 2, returnSequences: true, ...gates, ...more });
    const [y, ...states] = on(make({ returnState: true }), x) as [SymbolicTensor];
    const [z] = on(make({ goBackwards: true }), y) as [SymbolicTensor];
    const [last] = on(make({ returnSequences: false }), x, ...states) as [SymbolicTensor];
    return [y, ...states, z, last];
  },
});

/** By Keras's class name. */
const rows: Readonly<Record<string, Row>> = {
  SimpleRNN: recurrent("simpleRNN"),
  LSTM: recurrent("lstm"),
  GRU: recurrent("gru"),
  SimpleRNNCell: followed((from) =>
    from.rnn({ cell: from.simpleRNNCell({ units: 2 }), returnSequences: true }),
  ),
  LSTMCell: followed(() =>
    layers.rnn({ cell: layers.lstmCell({ units: 2 }), goBackwards: true, returnSequences: true }),
  ),
  GRUCell: followed(() =>
    layers.rnn({
      cell: layers.gruCell({ units: 2 }),
      zeroOutputForMask: true,
      returnSequences: true,
    }),
  ),
  StackedRNNCells: followed(() => {
    const cells = [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 3 })];
    return layers.rnn({ cell: layers.stackedRNNCells({ cells }), returnSequences: true });
  }),
  RNN: {
    make: (x) => {
      const cell = () => [layers.gruCell({ units: 3 }), layers.simpleRNNCell({ units: 2 })];
      const first = layers.rnn({ cell: cell(), returnState: true, returnSequences: true });
      const [y, ...states] = on(first, x) as [SymbolicTensor];
      return [y, ...states, ...on(layers.rnn({ cell: cell() }), y, ...states)];
    },
  },
  Bidirectional: {
    make: (x, from) => {
      const gru = (more: object = {}) =>
        from.gru({ units: 2, returnSequences: true, recurrentActivation: "sigmoid", ...more });
      const [y] = on(from.bidirectional({ layer: gru() }), x) as [SymbolicTensor];
      const layer = gru({ returnState: true });
      const both = on(from.bidirectional({ layer, mergeMode: null }), y);
      const [, , forward, backward] = both as [unknown, unknown, SymbolicTensor, SymbolicTensor];
      const last = from.bidirectional({ layer: gru({ returnSequences: false }), mergeMode: "sum" });
      return [y, ...both, ...on(last, y, forward, backward)];
    },
  },
  TimeDistributed: {
    make: (x, from) => {
      const around = (layer: Layer) => from.timeDistributed({ layer: layer as never });
      const [y] = on(around(from.dense({ units: 2 })), x) as [SymbolicTensor];
      return [y, ...on(layers.lstm({ units: 2 }), y)];
    },
  },

  // What makes the mask, or none, is before the rows.
  Embedding: { make: (x) => x },
  Masking: { make: (x) => x },
  InputLayer: { make: (x) => on(layers.lstm({ units: 2 }), x) },

  Dense: followed((from) => from.dense({ units: 2, activation: "tanh" })),
  Activation: followed((from) => from.activation({ activation: "softmax" })),
  Dropout: followed((from) => from.dropout({ rate: 0.5 })),
  SpatialDropout1D: followed((from) => from.spatialDropout1d({ rate: 0.5 })),
  GaussianNoise: followed((from) => from.gaussianNoise({ stddev: 0.5 })),
  GaussianDropout: followed((from) => from.gaussianDropout({ rate: 0.5 })),
  AlphaDropout: followed((from) => from.alphaDropout({ rate: 0.5 })),

  Flatten: alone((from) => from.flatten()),
  Reshape: followed((from) => from.reshape({ targetShape: [2, 6] })),
  Permute: followed((from) => from.permute({ dims: [2, 1] })),
  RepeatVector: {
    make: (x, from) => {
      const [y] = on(layers.globalMaxPooling1d(), x) as [SymbolicTensor];
      return on(from.repeatVector({ n: 2 }), y);
    },
  },

  ReLU: followed((from) => from.reLU({ maxValue: 0.5 })),
  LeakyReLU: followed((from) => from.leakyReLU({ alpha: 0.1 })),
  ELU: followed((from) => from.elu()),
  PReLU: followed((from) => from.prelu({ sharedAxes: [1] })),
  Softmax: followed((from) => from.softmax({ axis: 1 }), {
    refused: "expected a mask of the elements of its input",
  }),

  Conv1D: followed((from) => from.conv1d({ filters: 2, kernelSize: 2, padding: "causal" })),
  Conv2D: alone((from) => from.conv2d({ filters: 2, kernelSize: 2 }), { shape: image }),
  Conv2DTranspose: alone((from) => from.conv2dTranspose({ filters: 2, kernelSize: 2 }), {
    shape: image,
  }),
  SeparableConv2D: alone((from) => from.separableConv2d({ filters: 2, kernelSize: 2 }), {
    shape: image,
  }),
  DepthwiseConv2D: alone((from) => from.depthwiseConv2d({ kernelSize: 2 }), { shape: image }),
  MaxPooling1D: followed((from) => from.maxPooling1d({ poolSize: 2 })),
  MaxPooling2D: alone((from) => from.maxPooling2d({ poolSize: 2 }), { shape: image }),
  AveragePooling1D: followed((from) => from.averagePooling1d({ poolSize: 2 })),
  AveragePooling2D: alone((from) => from.averagePooling2d({ poolSize: 2 }), { shape: image }),
  GlobalAveragePooling1D: alone((from) => from.globalAveragePooling1d()),
  GlobalAveragePooling2D: alone((from) => from.globalAveragePooling2d({}), { shape: image }),
  GlobalMaxPooling1D: alone((from) => from.globalMaxPooling1d()),
  GlobalMaxPooling2D: alone((from) => from.globalMaxPooling2d({}), { shape: image }),
  UpSampling2D: alone((from) => from.upSampling2d({ size: [2, 2] }), { shape: image }),
  ZeroPadding2D: alone((from) => from.zeroPadding2d({ padding: 1 }), { shape: image }),
  Cropping2D: alone(
    (from) =>
      from.cropping2D({
        cropping: [
          [1, 0],
          [0, 1],
        ],
      }),
    { shape: image },
  ),

  BatchNormalization: followed((from) => from.batchNormalization({ axis: 1 })),
  LayerNormalization: followed((from) => from.layerNormalization({ axis: 1 })),
  Rescaling: followed((from) => from.rescaling({ scale: 2, offset: -1 })),

  Add: merged((from) => from.add()),
  Multiply: merged((from) => from.multiply()),
  Average: merged((from) => from.average()),
  Maximum: merged((from) => from.maximum()),
  Minimum: merged((from) => from.minimum()),
  Concatenate: merged((from) => from.concatenate({ axis: 1 })),
  Dot: { make: (x, from) => on(from.dot({ axes: 2 }), x, x) },

  // tfjs-layers has none of these: they are this package's.
  ZeroPadding1D: followed((from) => from.zeroPadding1d({ padding: [1, 2] })),
  Cropping1D: followed((from) => from.cropping1D({ cropping: 1 })),
  UpSampling1D: followed((from) => from.upSampling1d({ size: 2 })),
  Identity: followed((from) => from.identity()),
  UnitNormalization: followed((from) => from.unitNormalization()),
  Subtract: merged((from) => from.subtract()),
  Attention: attending((from) => from.attention({ useScale: true })),
  AdditiveAttention: attending((from) => from.additiveAttention({})),
};

/** The classes that have a row, by Keras's names. */
export const rowNames: readonly string[] = Object.keys(rows);

/** Begins the error of a class under a mask; undefined where it has none. */
export function refusedUnderMask(name: string): string | undefined {
  return rows[name]!.refused;
}

/** The model of a row. */
export function rowModel(name: string, isMasked: boolean, from: Functions = layers): LayersModel {
  const { make, shape = [4, 3] } = rows[name]!;
  const isTokens = name === "Embedding";
  const x = input({ shape: isTokens ? [4] : shape });
  const first = isTokens
    ? from.embedding({ inputDim: 4, outputDim: 3, maskZero: isMasked })
    : isMasked
      ? (name === "Masking" ? from : layers).masking()
      : layers.dropout({ rate: 0.5 });
  const [y] = on(first, x) as [SymbolicTensor];
  // What no layer of this package is joined to is tfjs-layers' alone.
  const joined = isTokens || name === "Masking" ? on(layers.dropout({ rate: 0.5 }), y)[0]! : y;
  return filled(modelOf({ inputs: x, outputs: make(joined, { ...layers, ...from }) }));
}

/** Two rows with steps of 0 and steps of 1 among others, or tokens. */
export function rowInputs(model: LayersModel): Input[] {
  const [, ...shape] = model.inputs[0]!.shape as number[];
  if (model.inputs[0]!.shape.length === 2) {
    return [{ shape: [2, 4], dtype: "int32", data: [1, 0, 3, 2, 0, 1, 2, 0] }];
  }
  const features = shape.at(-1)!;
  const data = [...fill([2, ...shape], 3)].map((value, i) => {
    const step = Math.floor(i / features);
    const kind = (step + Math.floor(step / shape[0]!)) % 4;
    return kind === 1 ? 0 : kind === 3 ? 1 : value;
  });
  return [{ shape: [2, ...shape], dtype: "float32", data }];
}
