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
export type { AnyCell } from "./cells/any-cell.ts";
export type {
  GruArgs,
  GruCellArgs,
  LstmArgs,
  LstmCellArgs,
  SimpleRnnArgs,
  SimpleRnnCellArgs,
} from "./cells/cell-options.ts";
export type { FusedCell } from "./cells/fused-cell.ts";
export type { GruCell } from "./cells/gru-cell.ts";
export type { LstmCell } from "./cells/lstm-cell.ts";
export { RecurrentCell, type RecurrentCellArgs } from "./cells/recurrent-cell.ts";
export type { SimpleRnnCell } from "./cells/simple-rnn-cell.ts";
export type { StackedCells, StackedCellsArgs } from "./cells/stacked-cells.ts";
export { explainSpeed, type LayerSpeed, type SpeedReport } from "./chain/explain-speed.ts";
export { setWholeSteps } from "./chain/model-chain.ts";
export type { InputShape } from "./check.ts";
export type { KerasCompileArgs } from "./compile/compile-as-keras.ts";
export type { LossFunction } from "./compile/keras-losses.ts";
export {
  kerasLossName,
  kerasMetricName,
  type Loss,
  type LossName,
  lossNamed,
  type Metric,
  type MetricName,
  metricNamed,
} from "./compile/loss-names.ts";
export { inKerasGraph, isKerasLayer } from "./graph/keras-graph.ts";
export { makesMask, readsMask } from "./graph/keras-mask.ts";
export { type Installation, install } from "./install.ts";
export type {
  AdditiveAttentionArgs,
  AdditiveAttentionLayer,
  AttentionArgs,
  AttentionLayer,
} from "./layers/attention-layer.ts";
export type {
  BidirectionalArgs,
  BidirectionalLayer,
  BidirectionalMergeMode,
} from "./layers/bidirectional-layer.ts";
export type { DropoutArgs, DropoutLayer } from "./layers/dropout-layer.ts";
export type { EmbeddingArgs, EmbeddingLayer } from "./layers/embedding-layer.ts";
export type { FusedLayer } from "./layers/fused-layer.ts";
/** Keras's layers by their names, with Keras 3's defaults: to build models of. */
export * as layers from "./layers/layers.ts";
export type { MaskingArgs, MaskingLayer } from "./layers/masking-layer.ts";
export type {
  IdentityLayer,
  SubtractLayer,
  UnitNormalizationArgs,
  UnitNormalizationLayer,
} from "./layers/plain-layers.ts";
export type { RecurrentLayer } from "./layers/recurrent-layer.ts";
export type { RnnArgs } from "./layers/rnn-layer.ts";
export type {
  BothEnds,
  Cropping1dArgs,
  Cropping1dLayer,
  UpSampling1dArgs,
  UpSampling1dLayer,
  ZeroPadding1dArgs,
  ZeroPadding1dLayer,
} from "./layers/step-layers.ts";
export type { TimeDistributedArgs, TimeDistributedLayer } from "./layers/time-distributed-layer.ts";
export {
  type BidirectionalRnnModelOverrides,
  buildBidirectionalRnnModel,
} from "./models/bidirectional-rnn-model.ts";
export { buildLstmForecaster, type LstmForecasterOverrides } from "./models/lstm-forecaster.ts";
export { buildLstmGruModel, type LstmGruModelOverrides } from "./models/lstm-gru-model.ts";
export {
  buildSentimentClassifier,
  type SentimentCell,
  type SentimentClassifierOptions,
} from "./models/sentiment-classifier.ts";
export { buildSimpleRnnModel, type SimpleRnnModelOverrides } from "./models/simple-rnn-model.ts";
export { buildStackedRnnModel, type StackedRnnModelOverrides } from "./models/stacked-rnn-model.ts";
export { buildStockForecaster, type StockForecasterOverrides } from "./models/stock-forecaster.ts";
export type { TrainingOverrides } from "./models/training.ts";
export {
  buildVariableLengthModel,
  type VariableLengthModelOverrides,
} from "./models/variable-length-model.ts";
export { type AdamOptions, type AdamwOptions, adam, adamw } from "./optimizers/adam.ts";
export type {
  LearningRate,
  LearningRateSchedule,
  ScheduleClassName,
} from "./optimizers/learning-rate.ts";
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
} from "./optimizers/learning-rate-schedules.ts";
export { type OptimizerName, optimizerNamed } from "./optimizers/optimizer-names.ts";
export { type RmspropOptions, rmsprop } from "./optimizers/rmsprop.ts";
export { type SgdOptions, sgd } from "./optimizers/sgd.ts";
export { activationOf, KerasActivation, kerasActivationNames } from "./options/keras-activation.ts";
export { type LayerOptions, layerOptions } from "./options/layer-options.ts";
export { setRandomSeed } from "./random-seed.ts";
export { type ProgressOptions, progress } from "./training/progress.ts";
export type { ClassWeight, ExampleWeights, SampleWeight } from "./training/sample-weights.ts";
export type { TrainingProgress } from "./training/training-progress.ts";
