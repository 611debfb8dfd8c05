export {
  binaryAccuracy,
  binaryCrossentropy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
} from "./classification-metrics.ts";
export {
  type MeanAbsoluteScaledErrorOptions,
  meanAbsoluteScaledError,
  type PinballLossOptions,
  pinballLoss,
} from "./forecast-metrics.ts";
export { MinMaxScaler, type MinMaxScalerJson, type MinMaxScalerOptions } from "./min-max-scaler.ts";
export {
  type ArrayInput,
  type FloatOf,
  type NdArray,
  type NestedNumbers,
  type NumberArray,
  toFloat32,
} from "./nd-array.ts";
export { oneHot } from "./one-hot.ts";
export {
  type PaddedArrays,
  type PadSequencesOptions,
  padSequences,
  type RaggedSequences,
  type Sequences,
  type Step,
} from "./pad-sequences.ts";
export {
  meanAbsoluteError,
  meanSquaredError,
  type RawValues,
  type RegressionMetricOptions,
  rootMeanSquaredError,
  type UniformAverage,
} from "./regression-metrics.ts";
export type { FloatArray, JsonNumbers } from "./scaler.ts";
export { type SeasonalNaiveOptions, seasonalNaive } from "./seasonal-naive.ts";
export { createSequences, prepareData } from "./sequences.ts";
export {
  type SlidingWindowsOptions,
  slidingWindows,
  type WindowArray,
  type WindowArrays,
  type WindowDtype,
  type WindowOptions,
  type Windows,
} from "./sliding-windows.ts";
export type { Part, Split, Splittable } from "./splittable.ts";
export {
  StandardScaler,
  type StandardScalerJson,
  type StandardScalerOptions,
} from "./standard-scaler.ts";
export {
  type Standardize,
  TextVectorization,
  type TextVectorizationOptions,
} from "./text-vectorization.ts";
export { generateTimeSeries, type TimeSeriesOptions } from "./time-series.ts";
export { type TimeSeriesSplitOptions, timeSeriesSplit } from "./time-series-split.ts";
export { type TrainTestSplitOptions, trainTestSplit } from "./train-test-split.ts";
