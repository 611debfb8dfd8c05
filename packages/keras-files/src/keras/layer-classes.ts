import { layerOptions, layers } from "@rnnkit/keras-builders";
import { layers as stock } from "@tensorflow/tfjs-layers";
import { snakeCase } from "./keras-names.ts";

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
  /** Arguments that Keras does not write where they are null. */
  optional?: readonly string[];
}

/** Layers, cells and models are of this module in Keras's files, with `registered_name: null`. */
export const layerModule = "keras.layers";

type Rest = Omit<LayerClass, "make" | "arguments" | "optional">;

interface Differences extends Rest {
  /** Options of the layer's that Keras's files lack; beside those of **fixed** and **ignored**. */
  without?: readonly string[];
  /** Arguments that Keras writes before the others. */
  first?: readonly string[];
  /**
   * Whether Keras's files have it of this layer even where it is null, *true*, as every layer's where it is not; or
   * the layer is a cell, *false*, and takes none.
   */
  activityRegularizer?: boolean;
}

/** Arguments of Keras's that the layers take and that change nothing here. */
export const withoutEffect: readonly string[] = ["implementation", "use_cudnn"];

/** The class that a function of keras-builders' `layers` makes, whose options it has in Keras's spelling. */
function classOf(name: string, differences: Differences = {}): LayerClass {
  const { without = [], first = [], activityRegularizer, ...rest } = differences;
  const lacks = new Set([...without, ...withoutEffect]);
  for (const argument of Object.keys({ ...rest.fixed, ...rest.ignored })) lacks.add(argument);
  const kerasNames = Object.entries(rest.names ?? {}).map(([keras, ours]) => [ours, keras]);
  const spelt: Readonly<Record<string, string>> = Object.fromEntries(kerasNames);
  const all = Object.keys(layerOptions[name]!).map((option) => spelt[option] ?? snakeCase(option));
  return {
    make: makers[name]!,
    arguments: [
      ...new Set([...first, ...all.filter((argument) => !lacks.has(argument))]),
      ...(activityRegularizer === false ? [] : ["activity_regularizer"]),
    ],
    ...(activityRegularizer === undefined && { optional: ["activity_regularizer"] }),
    ...rest,
  };
}

const makers = layers as unknown as Readonly<Record<string, LayerClass["make"]>>;

const first = Object.keys(layerOptions.rnn!)
  .filter((option) => option !== "cell")
  .map(snakeCase);
const recurrent: Differences = { first, activityRegularizer: true };
const cell: Differences = { activityRegularizer: false };

/** There is one order of axes that every backend of tfjs knows. */
const channelsLast = { data_format: "channels_last" };
const unseeded = { seed: null };
const pooledOverTime: Differences = { fixed: { ...channelsLast, keepdims: false } };
const pooledOverSpace: Differences = { fixed: { keepdims: false } };

/**
 * The layers that can be read from Keras's files and written to them, by Keras's class name, which is
 * also tfjs's.
 */
export const layerClasses: Readonly<Record<string, LayerClass>> = {
  SimpleRNN: classOf("simpleRNN", recurrent),
  LSTM: classOf("lstm", recurrent),
  GRU: classOf("gru", recurrent),
  SimpleRNNCell: classOf("simpleRNNCell", cell),
  LSTMCell: classOf("lstmCell", cell),
  GRUCell: classOf("gruCell", cell),
  StackedRNNCells: classOf("stackedRNNCells", { ...cell, parts: ["cells"] }),
  RNN: classOf("rnn", { first, parts: ["cell"] }),
  Bidirectional: classOf("bidirectional", {
    first: ["merge_mode"],
    parts: ["layer", "backward_layer"],
  }),
  TimeDistributed: classOf("timeDistributed", { parts: ["layer"] }),

  Embedding: classOf("embedding", {
    activityRegularizer: true,
    without: ["seed"],
    fixed: { quantization_config: null },
    ignored: { input_length: null },
  }),
  Masking: classOf("masking"),
  InputLayer: {
    make: stock.inputLayer,
    arguments: ["batch_shape"],
    names: { batch_shape: "batchInputShape" },
    fixed: { sparse: false, ragged: false, optional: false },
  },

  Dense: classOf("dense", {
    without: ["seed"],
    fixed: { quantization_config: null, lora_rank: null },
  }),
  Activation: classOf("activation"),
  Dropout: classOf("dropout", { first: ["rate", "seed"] }),
  SpatialDropout1D: classOf("spatialDropout1d"),
  GaussianNoise: classOf("gaussianNoise", { ignored: unseeded }),
  GaussianDropout: classOf("gaussianDropout", { ignored: unseeded }),
  AlphaDropout: classOf("alphaDropout", { fixed: { noise_shape: null }, ignored: unseeded }),

  Flatten: classOf("flatten"),
  Reshape: classOf("reshape"),
  Permute: classOf("permute"),
  RepeatVector: classOf("repeatVector"),

  ReLU: classOf("reLU", { fixed: { negative_slope: 0, threshold: 0 } }),
  LeakyReLU: classOf("leakyReLU", { names: { negative_slope: "alpha" } }),
  ELU: classOf("elu", { fixed: { alpha: 1 } }),
  PReLU: classOf("prelu"),
  Softmax: classOf("softmax"),

  Conv1D: classOf("conv1d", { activityRegularizer: true, fixed: { ...channelsLast, groups: 1 } }),
  Conv2D: classOf("conv2d", { activityRegularizer: true, fixed: { groups: 1 } }),
  Conv2DTranspose: classOf("conv2dTranspose", {
    activityRegularizer: true,
    fixed: { output_padding: null, dilation_rate: [1, 1] },
  }),
  SeparableConv2D: classOf("separableConv2d", {
    first: ["depth_multiplier"],
    activityRegularizer: true,
  }),
  DepthwiseConv2D: classOf("depthwiseConv2d", {
    first: ["depth_multiplier"],
    activityRegularizer: true,
  }),
  MaxPooling1D: classOf("maxPooling1d", { fixed: channelsLast }),
  MaxPooling2D: classOf("maxPooling2d"),
  AveragePooling1D: classOf("averagePooling1d", { fixed: channelsLast }),
  AveragePooling2D: classOf("averagePooling2d"),
  GlobalAveragePooling1D: classOf("globalAveragePooling1d", pooledOverTime),
  GlobalAveragePooling2D: classOf("globalAveragePooling2d", pooledOverSpace),
  GlobalMaxPooling1D: classOf("globalMaxPooling1d", pooledOverTime),
  GlobalMaxPooling2D: classOf("globalMaxPooling2d", pooledOverSpace),
  ZeroPadding1D: classOf("zeroPadding1d", { fixed: channelsLast }),
  Cropping1D: classOf("cropping1D"),
  UpSampling1D: classOf("upSampling1d"),
  UpSampling2D: classOf("upSampling2d", { fixed: { interpolation: "nearest" } }),
  ZeroPadding2D: classOf("zeroPadding2d"),
  Cropping2D: classOf("cropping2D"),

  BatchNormalization: classOf("batchNormalization", {
    fixed: { renorm: false },
    ignored: { synchronized: false, renorm_clipping: null, renorm_momentum: 0.99 },
  }),
  LayerNormalization: classOf("layerNormalization", {
    fixed: { rms_scaling: false, beta_constraint: null, gamma_constraint: null },
  }),
  UnitNormalization: classOf("unitNormalization"),
  Rescaling: classOf("rescaling"),

  Add: classOf("add"),
  Subtract: classOf("subtract"),
  Multiply: classOf("multiply"),
  Average: classOf("average"),
  Maximum: classOf("maximum"),
  Minimum: classOf("minimum"),
  Concatenate: classOf("concatenate"),
  Dot: classOf("dot"),
  Identity: classOf("identity"),

  Attention: classOf("attention"),
  AdditiveAttention: classOf("additiveAttention"),
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
