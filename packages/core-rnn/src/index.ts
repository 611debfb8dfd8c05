export {
  type Activation,
  type ActivationName,
  activationNames,
  activations,
} from "./activations.ts";
export {
  type BidirectionalCotangents,
  type BidirectionalOptions,
  type BidirectionalResult,
  type BidirectionalTape,
  type Directions,
  type MergeMode,
  runBidirectional,
  runBidirectionalBackward,
} from "./bidirectional.ts";
export type {
  Cell,
  CellOptions,
  CellParams,
  GatedCellOptions,
  Step,
  StepDropout,
  StepGradients,
} from "./cell.ts";
export { cellOf } from "./cell-of.ts";
export {
  type CellFacts,
  type CellKind,
  type CellName,
  cellKinds,
  cellNames,
  cellTable,
  type WeightShapes,
  weightShapes,
} from "./cell-table.ts";
export {
  type CheckGradientsOptions,
  checkGradients,
  type GradientReport,
} from "./check-gradients.ts";
export type { Masked } from "./gate-product.ts";
export { type GruCellOptions, type GruTape, gruCell } from "./gru-cell.ts";
export {
  glorotUniform,
  type InitialParamsOptions,
  initialParams,
  ones,
  uniform,
  unitForgetBias,
  zeros,
} from "./initializers.ts";
export { type LstmTape, lstmCell } from "./lstm-cell.ts";
export { checkKinds, type OptionKind, optionKinds } from "./option-kinds.ts";
export { checkOptions, didYouMean, nearest, optionsFault, shown } from "./options.ts";
export { orthogonal } from "./orthogonal.ts";
export { type Random, seededRandom } from "./random.ts";
export {
  bytesOf,
  bytesOfBlob,
  isAbortSignal,
  isArrayBuffer,
  isBlob,
  isSharedBuffer,
  isUrl,
  isWasmMemory,
  isWasmModule,
  ownArray,
  typedArrayName,
} from "./realm.ts";
export {
  type RowActivation,
  type RowActivationName,
  rowActivationNames,
  rowActivations,
} from "./row-activations.ts";
export {
  runSequence,
  runSequenceBackward,
  type SequenceCotangents,
  type SequenceGradients,
  type SequenceResult,
  type SequenceTape,
} from "./sequence.ts";
export type { DropoutMasks, SequenceOptions, Tensor64 } from "./sequence-options.ts";
export {
  type Matrix,
  SimpleRNN,
  type SimpleRnnGradients,
  type SimpleRnnOptions,
  type SimpleRnnWeights,
} from "./simple-rnn.ts";
export { type SimpleRnnTape, simpleRnnCell } from "./simple-rnn-cell.ts";
export { stackedCells } from "./stacked-cells.ts";
