import { layers } from "@rnnkit/keras-builders";
import { layers as stock } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof stock.Layer>;

/** JSON, as configs hold it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** How a class of layers is called, made and described, here and in Keras's files. */
export interface LayerClass {
  /**
   * Makes the layer. Arguments have tfjs-layers' names; parts ({@link LayerClass.parts}) are layers,
   * initializers and the like `{ className, config }`.
   */
  make(args: never): Layer;
  /** Keras's arguments that the layer has too, in Keras's order; name, trainable and dtype apart. */
  arguments: readonly string[];
  /** What the layer calls an argument where that is not its camel case: Keras's name to tfjs's. */
  names?: Readonly<Record<string, string>>;
  /** Keras's arguments that the layer lacks, with the one value that says what the layer does. */
  fixed?: Readonly<Record<string, Json>>;
  /** Keras's arguments that change no prediction and that the layer lacks, with Keras's default. */
  ignored?: Readonly<Record<string, Json>>;
  /** Arguments that hold layers: serialized in the file, made here. */
  parts?: readonly string[];
}

/** Layers, cells and models are of this module in Keras's files, with `registered_name: null`. */
export const layerModule = "keras.layers";

const weight = (name: string): string[] =>
  ["initializer", "regularizer", "constraint"].map((part) => `${name}_${part}`);
const kernelAndBias = [
  "activation",
  "use_bias",
  ...weight("kernel"),
  ...weight("bias"),
  "activity_regularizer",
];

const recurrent = [
  "return_sequences",
  "return_state",
  "go_backwards",
  "stateful",
  "unroll",
  "zero_output_for_mask",
];
const cell = (...more: string[]): string[] => [
  "units",
  "activation",
  "use_bias",
  ...["kernel", "recurrent", "bias"].flatMap(weight),
  "dropout",
  "recurrent_dropout",
  "seed",
  ...more,
];
const gated = ["recurrent_activation"];

/** There is one order of axes that every backend of tfjs knows. */
const channelsLast = { data_format: "channels_last" };
const unseeded = { seed: null };

const convolution = ["filters", "kernel_size", "strides", "padding", "data_format"];
const pooling1d: Omit<LayerClass, "make"> = {
  arguments: ["pool_size", "strides", "padding"],
  fixed: channelsLast,
};
const pooling2d: Omit<LayerClass, "make"> = {
  arguments: ["pool_size", "strides", "padding", "data_format"],
};
const merge = { arguments: [] };

/**
 * The layers that can be read from Keras's files and written to them, by Keras's class name, which is
 * also tfjs's.
 */
export const layerClasses: Readonly<Record<string, LayerClass>> = {
  SimpleRNN: {
    make: layers.simpleRNN,
    arguments: [...recurrent, ...cell(), "activity_regularizer"],
  },
  LSTM: {
    make: layers.lstm,
    arguments: [...recurrent, ...cell(...gated, "unit_forget_bias"), "activity_regularizer"],
  },
  GRU: {
    make: layers.gru,
    arguments: [...recurrent, ...cell(...gated, "reset_after"), "activity_regularizer"],
  },
  SimpleRNNCell: { make: layers.simpleRNNCell, arguments: cell() },
  LSTMCell: { make: layers.lstmCell, arguments: cell(...gated, "unit_forget_bias") },
  GRUCell: { make: layers.gruCell, arguments: cell(...gated, "reset_after") },
  StackedRNNCells: { make: layers.stackedRNNCells, arguments: ["cells"], parts: ["cells"] },
  RNN: {
    make: layers.rnn,
    arguments: [...recurrent, "cell"],
    parts: ["cell"],
  },
  Bidirectional: {
    make: layers.bidirectional,
    arguments: ["merge_mode", "layer", "backward_layer"],
    parts: ["layer", "backward_layer"],
  },
  TimeDistributed: { make: layers.timeDistributed, arguments: ["layer"], parts: ["layer"] },

  Embedding: {
    make: layers.embedding,
    arguments: [
      "input_dim",
      "output_dim",
      ...weight("embeddings"),
      "activity_regularizer",
      "mask_zero",
    ],
    fixed: { quantization_config: null },
    ignored: { input_length: null },
  },
  Masking: { make: layers.masking, arguments: ["mask_value"] },
  InputLayer: {
    make: stock.inputLayer,
    arguments: ["batch_shape"],
    names: { batch_shape: "batchInputShape" },
    fixed: { sparse: false, ragged: false, optional: false },
  },

  Dense: {
    make: layers.dense,
    arguments: ["units", ...kernelAndBias],
    fixed: { quantization_config: null, lora_rank: null },
  },
  Activation: { make: layers.activation, arguments: ["activation"] },
  Dropout: { make: layers.dropout, arguments: ["rate", "seed", "noise_shape"] },
  SpatialDropout1D: { make: layers.spatialDropout1d, arguments: ["rate", "seed"] },
  GaussianNoise: { make: layers.gaussianNoise, arguments: ["stddev"], ignored: unseeded },
  GaussianDropout: { make: layers.gaussianDropout, arguments: ["rate"], ignored: unseeded },
  AlphaDropout: {
    make: layers.alphaDropout,
    arguments: ["rate"],
    fixed: { noise_shape: null },
    ignored: unseeded,
  },

  Flatten: { make: layers.flatten, arguments: ["data_format"] },
  Reshape: { make: layers.reshape, arguments: ["target_shape"] },
  Permute: { make: layers.permute, arguments: ["dims"] },
  RepeatVector: { make: layers.repeatVector, arguments: ["n"] },

  ReLU: {
    make: layers.reLU,
    arguments: ["max_value"],
    fixed: { negative_slope: 0, threshold: 0 },
  },
  LeakyReLU: {
    make: layers.leakyReLU,
    arguments: ["negative_slope"],
    names: { negative_slope: "alpha" },
  },
  ELU: { make: layers.elu, arguments: [], fixed: { alpha: 1 } },
  PReLU: { make: layers.prelu, arguments: [...weight("alpha"), "shared_axes"] },
  Softmax: { make: layers.softmax, arguments: ["axis"] },

  Conv1D: {
    make: layers.conv1d,
    arguments: ["filters", "kernel_size", "strides", "padding", "dilation_rate", ...kernelAndBias],
    fixed: { ...channelsLast, groups: 1 },
  },
  Conv2D: {
    make: layers.conv2d,
    arguments: [...convolution, "dilation_rate", ...kernelAndBias],
    fixed: { groups: 1 },
  },
  Conv2DTranspose: {
    make: layers.conv2dTranspose,
    arguments: [...convolution, ...kernelAndBias],
    fixed: { output_padding: null, dilation_rate: [1, 1] },
  },
  SeparableConv2D: {
    make: layers.separableConv2d,
    arguments: [
      "depth_multiplier",
      ...convolution,
      "dilation_rate",
      "activation",
      "use_bias",
      ...["depthwise", "pointwise", "bias"].flatMap(weight),
      "activity_regularizer",
    ],
  },
  DepthwiseConv2D: {
    make: layers.depthwiseConv2d,
    arguments: [
      "depth_multiplier",
      ...convolution.slice(1),
      "dilation_rate",
      "activation",
      "use_bias",
      ...["depthwise", "bias"].flatMap(weight),
      "activity_regularizer",
    ],
  },
  MaxPooling1D: { make: layers.maxPooling1d, ...pooling1d },
  MaxPooling2D: { make: layers.maxPooling2d, ...pooling2d },
  AveragePooling1D: { make: layers.averagePooling1d, ...pooling1d },
  AveragePooling2D: { make: layers.averagePooling2d, ...pooling2d },
  GlobalAveragePooling1D: {
    make: layers.globalAveragePooling1d,
    arguments: [],
    fixed: { ...channelsLast, keepdims: false },
  },
  GlobalAveragePooling2D: {
    make: layers.globalAveragePooling2d,
    arguments: ["data_format"],
    fixed: { keepdims: false },
  },
  GlobalMaxPooling1D: {
    make: layers.globalMaxPooling1d,
    arguments: [],
    fixed: { ...channelsLast, keepdims: false },
  },
  GlobalMaxPooling2D: {
    make: layers.globalMaxPooling2d,
    arguments: ["data_format"],
    fixed: { keepdims: false },
  },
  ZeroPadding1D: { make: layers.zeroPadding1d, arguments: ["padding"], fixed: channelsLast },
  Cropping1D: { make: layers.cropping1D, arguments: ["cropping"] },
  UpSampling1D: { make: layers.upSampling1d, arguments: ["size"] },
  UpSampling2D: {
    make: layers.upSampling2d,
    arguments: ["size", "data_format"],
    fixed: { interpolation: "nearest" },
  },
  ZeroPadding2D: { make: layers.zeroPadding2d, arguments: ["padding", "data_format"] },
  Cropping2D: { make: layers.cropping2D, arguments: ["cropping", "data_format"] },

  BatchNormalization: {
    make: layers.batchNormalization,
    arguments: [
      "axis",
      "momentum",
      "epsilon",
      "center",
      "scale",
      ...weight("beta"),
      ...weight("gamma"),
      "moving_mean_initializer",
      "moving_variance_initializer",
    ],
    fixed: { renorm: false },
    ignored: { synchronized: false, renorm_clipping: null, renorm_momentum: 0.99 },
  },
  LayerNormalization: {
    make: layers.layerNormalization,
    arguments: [
      "axis",
      "epsilon",
      "center",
      "scale",
      "beta_initializer",
      "gamma_initializer",
      "beta_regularizer",
      "gamma_regularizer",
    ],
    fixed: { rms_scaling: false, beta_constraint: null, gamma_constraint: null },
  },
  UnitNormalization: { make: layers.unitNormalization, arguments: ["axis"] },
  Rescaling: { make: layers.rescaling, arguments: ["scale", "offset"] },

  Add: { make: layers.add, ...merge },
  Subtract: { make: layers.subtract, ...merge },
  Multiply: { make: layers.multiply, ...merge },
  Average: { make: layers.average, ...merge },
  Maximum: { make: layers.maximum, ...merge },
  Minimum: { make: layers.minimum, ...merge },
  Concatenate: { make: layers.concatenate, arguments: ["axis"] },
  Dot: { make: layers.dot, arguments: ["axes", "normalize"] },
  Identity: { make: layers.identity, arguments: [] },

  Attention: {
    make: layers.attention,
    arguments: ["use_scale", "score_mode", "dropout", "seed"],
  },
  AdditiveAttention: {
    make: layers.additiveAttention,
    arguments: ["use_scale", "dropout", "seed"],
  },
};

/** Arguments of parts that both sides know, by module of Keras's files and class name. */
export const partClasses: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "keras.initializers": {
    Constant: ["value"],
    GlorotNormal: ["seed"],
    GlorotUniform: ["seed"],
    HeNormal: ["seed"],
    HeUniform: ["seed"],
    Identity: ["gain"],
    LecunNormal: ["seed"],
    LecunUniform: ["seed"],
    Ones: [],
    Orthogonal: ["gain", "seed"],
    RandomNormal: ["mean", "stddev", "seed"],
    RandomUniform: ["minval", "maxval", "seed"],
    TruncatedNormal: ["mean", "stddev", "seed"],
    VarianceScaling: ["scale", "mode", "distribution", "seed"],
    Zeros: [],
  },
  "keras.regularizers": { L1L2: ["l1", "l2"], L1: ["l1"], L2: ["l2"] },
  "keras.constraints": {
    MaxNorm: ["max_value", "axis"],
    MinMaxNorm: ["min_value", "max_value", "rate", "axis"],
    NonNeg: [],
    UnitNorm: ["axis"],
  },
};
