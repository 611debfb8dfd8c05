import "@tensorflow/tfjs-backend-cpu";
import { type TakesOptions, testOptions } from "@rnnkit/test-kit/options";
import * as tf from "@tensorflow/tfjs-core";
import * as builders from "./index.ts";
import * as layers from "./layers.ts";

const everyLayer = [
  ...["name", "trainable", "dtype", "autocast", "inputShape", "inputDim", "inputLength"],
  ...["inputDType", "batchInputShape", "batchSize", "weights", "activityRegularizer"],
];
const weights = (...names: string[]): string[] =>
  names.flatMap((name) => [`${name}Initializer`, `${name}Regularizer`, `${name}Constraint`]);
const cell = [
  ...["units", "activation", "useBias", ...weights("kernel", "recurrent", "bias")],
  ...["dropout", "recurrentDropout", "seed", "implementation"],
];
const sequence = [
  ...["returnSequences", "returnState", "goBackwards", "stateful", "unroll", "zeroOutputForMask"],
];
const recurrent = [...cell, ...sequence, "useCudnn"];
const pool = ["poolSize", "strides", "padding"];
const convolution = [
  ...["filters", "kernelSize", "strides", "padding", "dataFormat", "dilationRate", "activation"],
  ...["useBias", ...weights("kernel", "bias")],
];
const separable = convolution.filter((name) => !name.startsWith("kernel") || name === "kernelSize");

/** What each layer has beside what all have. */
const own: Record<keyof typeof layers, readonly string[]> = {
  simpleRNN: recurrent,
  lstm: [...recurrent, "recurrentActivation", "unitForgetBias"],
  gru: [...recurrent, "recurrentActivation", "resetAfter"],
  rnn: ["cell", ...sequence],
  stackedRNNCells: ["cells"],
  simpleRNNCell: cell,
  lstmCell: [...cell, "recurrentActivation", "unitForgetBias"],
  gruCell: [...cell, "recurrentActivation", "resetAfter"],
  bidirectional: ["layer", "mergeMode", "backwardLayer"],
  timeDistributed: ["layer"],
  embedding: ["inputDim", "outputDim", ...weights("embeddings"), "maskZero", "seed"],
  masking: ["maskValue"],
  dense: ["units", "activation", "useBias", ...weights("kernel", "bias"), "seed"],
  dropout: ["rate", "noiseShape", "seed"],
  activation: ["activation"],
  spatialDropout1d: ["rate", "seed"],
  gaussianNoise: ["stddev"],
  gaussianDropout: ["rate"],
  alphaDropout: ["rate", "noiseShape"],
  flatten: ["dataFormat"],
  reshape: ["targetShape"],
  permute: ["dims"],
  repeatVector: ["n"],
  reLU: ["maxValue"],
  leakyReLU: ["alpha"],
  elu: ["alpha"],
  prelu: [...weights("alpha"), "sharedAxes"],
  softmax: ["axis"],
  batchNormalization: [
    ...["axis", "momentum", "epsilon", "center", "scale", ...weights("beta", "gamma")],
    ...["movingMeanInitializer", "movingVarianceInitializer"],
  ],
  layerNormalization: [
    ...["axis", "epsilon", "center", "scale", "betaInitializer", "gammaInitializer"],
    ...["betaRegularizer", "gammaRegularizer"],
  ],
  rescaling: ["scale", "offset"],
  add: [],
  multiply: [],
  average: [],
  maximum: [],
  minimum: [],
  concatenate: ["axis"],
  dot: ["axes", "normalize"],
  conv1d: convolution,
  conv2d: convolution,
  conv2dTranspose: convolution,
  separableConv2d: [...separable, "depthMultiplier", ...weights("depthwise", "pointwise")],
  depthwiseConv2d: [
    ...["kernelSize", "depthMultiplier", "strides", "padding", "dataFormat", "dilationRate"],
    ...["activation", "useBias", ...weights("depthwise", "bias")],
  ],
  maxPooling1d: pool,
  maxPooling2d: [...pool, "dataFormat"],
  averagePooling1d: pool,
  averagePooling2d: [...pool, "dataFormat"],
  globalAveragePooling1d: [],
  globalAveragePooling2d: ["dataFormat"],
  globalMaxPooling1d: [],
  globalMaxPooling2d: ["dataFormat"],
  upSampling2d: ["size", "dataFormat", "interpolation"],
  zeroPadding2d: ["padding", "dataFormat"],
  cropping2D: ["cropping", "dataFormat"],
  zeroPadding1d: ["padding"],
  cropping1D: ["cropping"],
  upSampling1d: ["size"],
  subtract: [],
  identity: [],
  unitNormalization: ["axis"],
  attention: ["useScale", "scoreMode", "dropout", "seed"],
  additiveAttention: ["useScale", "dropout", "seed"],
};

const makers: Readonly<Record<string, unknown>> = layers;

testOptions(
  layers,
  Object.fromEntries(
    Object.entries(own).map(([who, names]): [string, TakesOptions] => {
      const call = makers[who] as TakesOptions["call"];
      return [who, { who, names: [...names, ...everyLayer], call }];
    }),
  ),
);

class Own extends builders.RecurrentCell {
  static className = "OptionsOwn";
  readonly stateSize = 1;
  override call(inputs: never): never {
    return inputs;
  }
}

const training = ["optimizer", "learningRate", "clipnorm", "loss", "metrics", "seed"];
const optimizer = ["learningRate", "weightDecay", "clipnorm", "clipvalue", "globalClipnorm"];
const adamNames = [...optimizer, "beta1", "beta2", "epsilon", "amsgrad"];
const overrides = (
  who: string,
  own: readonly string[],
  call: TakesOptions["call"],
): TakesOptions => ({ who, names: [...own, ...training], call });

testOptions(builders, {
  buildSimpleRnnModel: overrides("buildSimpleRnnModel", ["units", "dropout"], (options) =>
    builders.buildSimpleRnnModel([2, 1], 1, options),
  ),
  buildLstmGruModel: overrides("buildLstmGruModel", ["units"], (options) =>
    builders.buildLstmGruModel([2, 1], 1, options),
  ),
  buildBidirectionalRnnModel: overrides("buildBidirectionalRnnModel", ["units"], (options) =>
    builders.buildBidirectionalRnnModel([2, 1], 1, options),
  ),
  buildStackedRnnModel: overrides("buildStackedRnnModel", ["units"], (options) =>
    builders.buildStackedRnnModel([2, 1], 1, options),
  ),
  buildVariableLengthModel: overrides(
    "buildVariableLengthModel",
    ["units", "embeddingDim", "outputActivation"],
    (options) => builders.buildVariableLengthModel(2, 3, 1, options),
  ),
  buildLstmForecaster: overrides("buildLstmForecaster", ["units", "dropout"], (options) =>
    builders.buildLstmForecaster(2, 1, 1, options),
  ),
  buildStockForecaster: overrides("buildStockForecaster", ["units"], (options) =>
    builders.buildStockForecaster(2, options),
  ),
  buildSentimentClassifier: overrides(
    "buildSentimentClassifier",
    ["vocabSize", "maxLen", "embeddingDim", "units", "maskZero"],
    (options) => builders.buildSentimentClassifier("lstm", options),
  ),
  adam: { who: "adam", names: adamNames, call: builders.adam },
  adamw: { who: "adamw", names: adamNames, call: builders.adamw },
  rmsprop: {
    who: "rmsprop",
    names: [...optimizer, "rho", "momentum", "epsilon", "centered"],
    call: builders.rmsprop,
  },
  sgd: { who: "sgd", names: [...optimizer, "momentum", "nesterov"], call: builders.sgd },
  exponentialDecay: {
    who: "exponentialDecay",
    names: ["initialLearningRate", "decaySteps", "decayRate", "staircase"],
    call: builders.exponentialDecay,
  },
  inverseTimeDecay: {
    who: "inverseTimeDecay",
    names: ["initialLearningRate", "decaySteps", "decayRate", "staircase"],
    call: builders.inverseTimeDecay,
  },
  polynomialDecay: {
    who: "polynomialDecay",
    names: ["initialLearningRate", "decaySteps", "endLearningRate", "power", "cycle"],
    call: builders.polynomialDecay,
  },
  cosineDecay: {
    who: "cosineDecay",
    names: ["initialLearningRate", "decaySteps", "alpha", "warmupTarget", "warmupSteps"],
    call: builders.cosineDecay,
  },
  cosineDecayRestarts: {
    who: "cosineDecayRestarts",
    names: ["initialLearningRate", "firstDecaySteps", "tMul", "mMul", "alpha"],
    call: builders.cosineDecayRestarts,
  },
  piecewiseConstantDecay: {
    who: "piecewiseConstantDecay",
    names: ["boundaries", "values"],
    call: builders.piecewiseConstantDecay,
  },
  // What a cell of somebody's own takes is its own affair, but it is an object.
  RecurrentCell: { who: "Own", names: [], call: (options) => new Own(options) },
  layers: null,
  accelerate: null,
  install: null,
  KerasActivation: null,
  activationOf: null,
  inKerasGraph: null,
  isKerasLayer: null,
  kerasActivationNames: null,
  makesMask: null,
  setRandomSeed: null,
  kerasLossName: null,
  kerasMetricName: null,
  lossNamed: null,
  metricNamed: null,
  optimizerNamed: null,
});

const model = builders.buildStockForecaster(2);
const [x, y] = [tf.ones([1, 2, 1]), tf.ones([1, 1])];
const { compile, evaluate, fit, trainOnBatch } = model;

testOptions(
  { compile, evaluate, fit, trainOnBatch },
  {
    compile: {
      who: "compile",
      names: ["optimizer", "loss", "metrics"],
      call: (options) => model.compile(options),
    },
    fit: {
      who: "fit",
      names: [
        ...["batchSize", "epochs", "verbose", "callbacks", "validationSplit", "validationData"],
        ...["shuffle", "classWeight", "sampleWeight", "initialEpoch", "stepsPerEpoch"],
        ...["validationSteps", "yieldEvery"],
      ],
      call: (options) => model.fit(x, y, options),
    },
    evaluate: {
      who: "evaluate",
      names: ["batchSize", "verbose", "sampleWeight", "steps"],
      call: (options) => model.evaluate(x, y, options),
    },
    trainOnBatch: {
      who: "trainOnBatch",
      names: ["sampleWeight", "classWeight"],
      call: (options) =>
        (model.trainOnBatch as (...args: unknown[]) => unknown).call(model, x, y, options),
    },
  },
);
