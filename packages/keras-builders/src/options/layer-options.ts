// The options of every function of `layers`: their names, in the order in which errors list them, and what a value
// is. Checks of what a caller gives read it, and so does what reads and writes Keras's files.

import { type OptionKind, optionKinds } from "@rnnkit/core-rnn";
import {
  activation,
  checkedByLayer,
  constraint,
  edges,
  flagOrAuto,
  initializer,
  limit,
  oneOf,
  regularizer,
  several,
  sizes,
  tensors,
} from "./layer-option-kinds.ts";

const { count, finite, flag, share, text, whole } = optionKinds;

/** Options by name, with the kind of value that each takes. */
export type LayerOptions = Readonly<Record<string, OptionKind>>;

/** Options of every layer. */
export const everyLayer: LayerOptions = {
  ...{ name: text, trainable: flag, dtype: text, autocast: flag },
  ...{ inputShape: checkedByLayer, inputDim: count, inputLength: several(count) },
  ...{ inputDType: text, batchInputShape: checkedByLayer, batchSize: count },
  ...{ weights: tensors, activityRegularizer: regularizer },
};

/** The options of these weights. */
function weights(...names: string[]): LayerOptions {
  const entries = names.flatMap((name): [string, OptionKind][] => [
    [`${name}Initializer`, initializer],
    [`${name}Regularizer`, regularizer],
    [`${name}Constraint`, constraint],
  ]);
  return Object.fromEntries(entries);
}

const cell: LayerOptions = {
  ...{ units: checkedByLayer, activation, useBias: flag },
  ...weights("kernel", "recurrent", "bias"),
  ...{ dropout: checkedByLayer, recurrentDropout: checkedByLayer },
  ...{ seed: whole, implementation: whole },
};
const sequence: LayerOptions = {
  ...{ returnSequences: flag, returnState: flag, goBackwards: flag, stateful: flag },
  ...{ unroll: flag, zeroOutputForMask: flag },
};
const recurrent: LayerOptions = { ...cell, ...sequence, useCudnn: flagOrAuto };
const lstmGates: LayerOptions = { recurrentActivation: activation, unitForgetBias: flag };
const gruGates: LayerOptions = { recurrentActivation: activation, resetAfter: flag };

const dataFormat = oneOf("channelsFirst", "channelsLast");
const padding = oneOf("valid", "same", "causal");
const window: LayerOptions = { strides: several(count), padding };
const dilated: LayerOptions = {
  ...{ ...window, dataFormat, dilationRate: several(count) },
  ...{ activation, useBias: flag },
};
const kernelSize = several(count);
const convolution: LayerOptions = {
  ...{ filters: checkedByLayer, kernelSize, ...dilated },
  ...weights("kernel", "bias"),
};
const pool1d: LayerOptions = { poolSize: several(count), ...window };
const pool2d: LayerOptions = { ...pool1d, dataFormat };
const centred: LayerOptions = { epsilon: finite, center: flag, scale: flag };

/**
 * What each function of `layers` takes, by its name, beside what every layer takes (name, trainable, dtype,
 * inputShape, activityRegularizer...): options in the order in which errors list them, each with its kind of value.
 *
 * @example
 * Object.keys(layerOptions.maxPooling1d); // => ["poolSize", "strides", "padding"]
 */
export const layerOptions: Readonly<Record<string, LayerOptions>> = {
  simpleRNN: recurrent,
  lstm: { ...recurrent, ...lstmGates },
  gru: { ...recurrent, ...gruGates },
  simpleRNNCell: cell,
  lstmCell: { ...cell, ...lstmGates },
  gruCell: { ...cell, ...gruGates },
  rnn: { cell: checkedByLayer, ...sequence },
  stackedRNNCells: { cells: checkedByLayer },
  bidirectional: {
    ...{ layer: checkedByLayer, mergeMode: checkedByLayer, backwardLayer: checkedByLayer },
  },
  timeDistributed: { layer: checkedByLayer },

  embedding: {
    ...{ inputDim: count, outputDim: checkedByLayer },
    ...{ ...weights("embeddings"), maskZero: flag, seed: whole },
  },
  masking: { maskValue: checkedByLayer },
  dense: {
    ...{ units: checkedByLayer, activation, useBias: flag },
    ...{ ...weights("kernel", "bias"), seed: whole },
  },
  activation: { activation },
  dropout: { rate: checkedByLayer, noiseShape: sizes, seed: whole },
  spatialDropout1d: { rate: share, seed: whole },
  gaussianNoise: { stddev: finite },
  gaussianDropout: { rate: share },
  alphaDropout: { rate: share, noiseShape: sizes },

  flatten: { dataFormat },
  reshape: { targetShape: sizes },
  permute: { dims: checkedByLayer },
  repeatVector: { n: count },

  reLU: { maxValue: limit },
  leakyReLU: { alpha: finite },
  elu: { alpha: finite },
  prelu: { ...weights("alpha"), sharedAxes: several(whole) },
  softmax: { axis: whole },

  conv1d: convolution,
  conv2d: convolution,
  conv2dTranspose: convolution,
  separableConv2d: {
    ...{ filters: checkedByLayer, kernelSize, ...dilated, depthMultiplier: count },
    ...weights("depthwise", "pointwise", "bias"),
  },
  depthwiseConv2d: {
    ...{ kernelSize, depthMultiplier: count, ...dilated },
    ...weights("depthwise", "bias"),
  },
  maxPooling1d: pool1d,
  maxPooling2d: pool2d,
  averagePooling1d: pool1d,
  averagePooling2d: pool2d,
  globalAveragePooling1d: {},
  globalAveragePooling2d: { dataFormat },
  globalMaxPooling1d: {},
  globalMaxPooling2d: { dataFormat },
  zeroPadding1d: { padding: edges },
  zeroPadding2d: { padding: edges, dataFormat },
  cropping1D: { cropping: edges },
  cropping2D: { cropping: edges, dataFormat },
  upSampling1d: { size: several(count) },
  upSampling2d: {
    ...{ size: several(count), dataFormat, interpolation: oneOf("nearest", "bilinear") },
  },

  batchNormalization: {
    ...{ axis: whole, momentum: finite, ...centred, ...weights("beta", "gamma") },
    ...{ movingMeanInitializer: initializer, movingVarianceInitializer: initializer },
  },
  layerNormalization: {
    ...{ axis: several(whole), ...centred },
    ...{ betaInitializer: initializer, gammaInitializer: initializer },
    ...{ betaRegularizer: regularizer, gammaRegularizer: regularizer },
  },
  unitNormalization: { axis: several(whole) },
  rescaling: { scale: finite, offset: finite },

  ...{ add: {}, subtract: {}, multiply: {}, average: {}, maximum: {}, minimum: {} },
  concatenate: { axis: whole },
  dot: { axes: several(whole), normalize: flag },
  identity: {},

  attention: {
    ...{ useScale: flag, scoreMode: checkedByLayer, dropout: checkedByLayer, seed: whole },
  },
  additiveAttention: { useScale: flag, dropout: checkedByLayer, seed: whole },
};
