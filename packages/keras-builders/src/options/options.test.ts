import "@tensorflow/tfjs-backend-cpu";
import { type TakesOptions, testOptions } from "@rnnkit/test-kit/options";
import * as tf from "@tensorflow/tfjs-core";
import * as builders from "../index.ts";
import * as layers from "../layers/layers.ts";

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

const unit = { units: 1 };
const window = { filters: 1, kernelSize: 1 };

/** What a layer does not do without. */
const required: Partial<Record<keyof typeof layers, object>> = {
  ...{ simpleRNN: unit, lstm: unit, gru: unit, dense: unit },
  ...{ simpleRNNCell: unit, lstmCell: unit, gruCell: unit },
  rnn: { cell: layers.gruCell(unit) },
  stackedRNNCells: { cells: [layers.gruCell(unit)] },
  bidirectional: { layer: layers.gru(unit) },
  timeDistributed: { layer: layers.dense(unit) },
  embedding: { inputDim: 1, outputDim: 1 },
  ...{ dropout: { rate: 0 }, spatialDropout1d: { rate: 0 }, alphaDropout: { rate: 0 } },
  ...{ gaussianDropout: { rate: 0 }, gaussianNoise: { stddev: 0 } },
  activation: { activation: "relu" },
  ...{ reshape: { targetShape: [1] }, permute: { dims: [1] }, repeatVector: { n: 1 } },
  ...{ rescaling: { scale: 1 }, dot: { axes: 1 } },
  ...{ conv1d: window, conv2d: window, conv2dTranspose: window },
  ...{ separableConv2d: window, depthwiseConv2d: { kernelSize: 1 } },
};

const makers: Readonly<Record<string, unknown>> = layers;

testOptions(
  layers,
  Object.fromEntries(
    Object.entries(own).map(([who, names]): [string, TakesOptions] => {
      const call = makers[who] as TakesOptions["call"];
      const own = required[who as keyof typeof layers];
      return [who, { who, names: [...names, ...everyLayer], required: own, call }];
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
  required?: object,
): TakesOptions => ({ who, names: [...own, ...training], call, ...(required && { required }) });

testOptions(builders, {
  toTensor: {
    who: "toTensor",
    names: ["dtype"],
    call: (options) => builders.toTensor([1], options),
  },
  fromTensor: {
    who: "fromTensor",
    names: ["dtype"],
    call: (options) => builders.fromTensor(tf.scalar(1), options),
  },
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
    { vocabSize: 2, maxLen: 2 },
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
    required: { initialLearningRate: 1, decaySteps: 1, decayRate: 1 },
    names: ["initialLearningRate", "decaySteps", "decayRate", "staircase"],
    call: builders.exponentialDecay,
  },
  inverseTimeDecay: {
    who: "inverseTimeDecay",
    required: { initialLearningRate: 1, decaySteps: 1, decayRate: 1 },
    names: ["initialLearningRate", "decaySteps", "decayRate", "staircase"],
    call: builders.inverseTimeDecay,
  },
  polynomialDecay: {
    who: "polynomialDecay",
    required: { initialLearningRate: 1, decaySteps: 1 },
    names: ["initialLearningRate", "decaySteps", "endLearningRate", "power", "cycle"],
    call: builders.polynomialDecay,
  },
  cosineDecay: {
    who: "cosineDecay",
    required: { initialLearningRate: 1, decaySteps: 1 },
    names: ["initialLearningRate", "decaySteps", "alpha", "warmupTarget", "warmupSteps"],
    call: builders.cosineDecay,
  },
  cosineDecayRestarts: {
    who: "cosineDecayRestarts",
    required: { initialLearningRate: 1, firstDecaySteps: 1 },
    names: ["initialLearningRate", "firstDecaySteps", "tMul", "mMul", "alpha"],
    call: builders.cosineDecayRestarts,
  },
  piecewiseConstantDecay: {
    who: "piecewiseConstantDecay",
    required: { boundaries: [1], values: [1, 1] },
    names: ["boundaries", "values"],
    call: builders.piecewiseConstantDecay,
  },
  progress: { who: "progress", names: ["draw", "interval"], call: builders.progress },
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
  layerOptions: null,
  makesMask: null,
  readsMask: null,
  explainSpeed: null,
  setRandomSeed: null,
  setWholeSteps: null,
  kerasLossName: null,
  kerasMetricName: null,
  lossNamed: null,
  metricNamed: null,
  optimizerNamed: null,
});

const model = builders.buildStockForecaster(2);
/** What tfjs-data makes, as tfjs-layers uses it. */
const dataset = {
  size: 1,
  async iterator() {
    const batches = [{ xs: tf.ones([1, 2, 1]), ys: tf.ones([1, 1]) }];
    return { next: async () => ({ value: batches.pop() ?? null, done: batches.length === 0 }) };
  },
};
const [x, y] = [tf.ones([1, 2, 1]), tf.ones([1, 1])];
const { compile, evaluate, evaluateDataset, fit, fitDataset, predict, trainOnBatch } = model;
model.compile({ optimizer: "sgd", loss: "meanSquaredError" });

testOptions(
  { compile, evaluate, evaluateDataset, fit, fitDataset, predict, trainOnBatch },
  {
    compile: {
      who: "compile",
      required: { optimizer: "sgd", loss: "mse" },
      names: ["optimizer", "loss", "metrics"],
      call: (options) => builders.buildStockForecaster(2).compile(options),
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
    fitDataset: [
      {
        who: "fitDataset",
        names: [
          ...["batchesPerEpoch", "epochs", "verbose", "callbacks", "classWeight", "initialEpoch"],
          ...["yieldEvery", "validationData", "validationBatchSize", "validationBatches"],
        ],
        required: { epochs: 1 },
        call: (options) => model.fitDataset(dataset as never, options),
      },
    ],
    evaluateDataset: {
      who: "evaluateDataset",
      names: ["batches", "verbose"],
      call: (options) => model.evaluateDataset(dataset as never, options),
    },
    predict: {
      who: "predict",
      names: ["batchSize", "verbose"],
      call: (options) => model.predict(x, options),
    },
    trainOnBatch: {
      who: "trainOnBatch",
      names: ["sampleWeight", "classWeight"],
      call: (options) =>
        (model.trainOnBatch as (...args: unknown[]) => unknown).call(model, x, y, options),
    },
  },
);
