export {
  type ArrayOfDtype,
  fromTensor,
  type NumberDtype,
  type ShapedNumbers,
  type TensorBridgeOptions,
  type TensorNumbers,
  toTensor,
} from "@rnnkit/fused-rnn";
export { type Acceleration, accelerate } from "./accelerate.ts";
export { type AdamOptions, type AdamwOptions, adam, adamw } from "./adam.ts";
export type { AnyCell } from "./any-cell.ts";
export type {
  AdditiveAttentionArgs,
  AdditiveAttentionLayer,
  AttentionArgs,
  AttentionLayer,
} from "./attention-layer.ts";
export type {
  BidirectionalArgs,
  BidirectionalLayer,
  BidirectionalMergeMode,
} from "./bidirectional-layer.ts";
export {
  type BidirectionalRnnModelOverrides,
  buildBidirectionalRnnModel,
} from "./bidirectional-rnn-model.ts";
export type {
  GruArgs,
  GruCellArgs,
  LstmArgs,
  LstmCellArgs,
  SimpleRnnArgs,
  SimpleRnnCellArgs,
} from "./cell-options.ts";
export type { InputShape } from "./check.ts";
export type { KerasCompileArgs } from "./compile-as-keras.ts";
export type { DropoutArgs, DropoutLayer } from "./dropout-layer.ts";
export type { EmbeddingArgs, EmbeddingLayer } from "./embedding-layer.ts";
export { explainSpeed, type LayerSpeed, type SpeedReport } from "./explain-speed.ts";
export type { FusedCell } from "./fused-cell.ts";
export type { FusedLayer } from "./fused-layer.ts";
export type { GruCell } from "./gru-cell.ts";
export { type Installation, install } from "./install.ts";
export { activationOf, KerasActivation, kerasActivationNames } from "./keras-activation.ts";
export { inKerasGraph, isKerasLayer } from "./keras-graph.ts";
export type { LossFunction } from "./keras-losses.ts";
export { makesMask, readsMask } from "./keras-mask.ts";
export { type LayerOptions, layerOptions } from "./layer-options.ts";
/** Keras's layers by their names, with Keras 3's defaults: to build models of. */
export * as layers from "./layers.ts";
export type { LearningRate, LearningRateSchedule, ScheduleClassName } from "./learning-rate.ts";
export {
  type CosineDecayOptions,
  type CosineDecayRestartsOptions,
  cosineDecay,
  cosineDecayRestarts,
  type ExponentialDecayOptions,
  exponentialDecay,
  type InverseTimeDecayOptions,
  inverseTimeDecay,
  type PiecewiseConstantDecayOptions,
  type PolynomialDecayOptions,
  piecewiseConstantDecay,
  polynomialDecay,
} from "./learning-rate-schedules.ts";
export {
  kerasLossName,
  kerasMetricName,
  type Loss,
  type LossName,
  lossNamed,
  type Metric,
  type MetricName,
  metricNamed,
} from "./loss-names.ts";
export type { LstmCell } from "./lstm-cell.ts";
export { buildLstmForecaster, type LstmForecasterOverrides } from "./lstm-forecaster.ts";
export { buildLstmGruModel, type LstmGruModelOverrides } from "./lstm-gru-model.ts";
export type { MaskingArgs, MaskingLayer } from "./masking-layer.ts";
export { setWholeSteps } from "./model-chain.ts";
export { type OptimizerName, optimizerNamed } from "./optimizer-names.ts";
export type {
  IdentityLayer,
  SubtractLayer,
  UnitNormalizationArgs,
  UnitNormalizationLayer,
} from "./plain-layers.ts";
export { type ProgressOptions, progress } from "./progress.ts";
export { setRandomSeed } from "./random-seed.ts";
export { RecurrentCell, type RecurrentCellArgs } from "./recurrent-cell.ts";
export type { RecurrentLayer } from "./recurrent-layer.ts";
export { type RmspropOptions, rmsprop } from "./rmsprop.ts";
export type { RnnArgs } from "./rnn-layer.ts";
export type { ClassWeight, ExampleWeights, SampleWeight } from "./sample-weights.ts";
export {
  buildSentimentClassifier,
  type SentimentCell,
  type SentimentClassifierOptions,
} from "./sentiment-classifier.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
export type { SimpleRnnCell } from "./simple-rnn-cell.ts";
export { buildSimpleRnnModel, type SimpleRnnModelOverrides } from "./simple-rnn-model.ts";
export type { StackedCells, StackedCellsArgs } from "./stacked-cells.ts";
export { buildStackedRnnModel, type StackedRnnModelOverrides } from "./stacked-rnn-model.ts";
export type {
  BothEnds,
  Cropping1dArgs,
  Cropping1dLayer,
  UpSampling1dArgs,
  UpSampling1dLayer,
  ZeroPadding1dArgs,
  ZeroPadding1dLayer,
} from "./step-layers.ts";
export { buildStockForecaster, type StockForecasterOverrides } from "./stock-forecaster.ts";
export type { TimeDistributedArgs, TimeDistributedLayer } from "./time-distributed-layer.ts";
export type { TrainingOverrides } from "./training.ts";
export type { TrainingProgress } from "./training-progress.ts";
export {
  buildVariableLengthModel,
  type VariableLengthModelOverrides,
} from "./variable-length-model.ts";
