export type { FusedActivation } from "./activation-names.ts";
export { fusedActivations, type RecurrentActivationName } from "./activation-names.ts";
export { activationOps } from "./activations.ts";
export { type BidirectionalCell, bidirectional } from "./bidirectional.ts";
export { bidirectionalStage, type StageMerge } from "./chain/bidirectional-stage.ts";
export {
  type ChainInput,
  type ChainRun,
  chainRefusal,
  readNumbers,
  runChain,
} from "./chain/chain.ts";
export { type DenseActivation, type DenseWeights, denseStage } from "./chain/dense-stage.ts";
export { type DropoutDraw, dropoutFactors, dropoutStage } from "./chain/dropout-stage.ts";
export {
  type DropoutArrays,
  type RecurrentStageOptions,
  recurrentStage,
} from "./chain/recurrent-stage.ts";
export {
  type LookupStageOptions,
  lookupStage,
  maskingStage,
  reshapeStage,
} from "./chain/small-stages.ts";
export type { Stage } from "./chain/stage.ts";
export { chosen } from "./chosen.ts";
export { engineMemory } from "./engine-memory.ts";
export { type GruOptions, gru } from "./gru.ts";
export { lstm } from "./lstm.ts";
export type {
  GatedOptions,
  RecurrentInput,
  RecurrentOptions,
  RecurrentResult,
  RecurrentWeights,
  TokenLookup,
} from "./options.ts";
export { simpleRnn } from "./simple-rnn.ts";
export { type StepFunction, type StepThroughOptions, stepLoop } from "./step-loop.ts";
export { type MeanKind, type StepOps, stepOps } from "./step-ops.ts";
export { stepThrough } from "./step-through.ts";
export {
  type AdamHyperparameters,
  type AdamSlot,
  adamSteps,
  adamUpdate,
} from "./tfjs/adam-update.ts";
export { registerKernels } from "./tfjs/register.ts";
export {
  type RmspropHyperparameters,
  type RmspropSlot,
  rmspropSteps,
  rmspropUpdate,
} from "./tfjs/rmsprop-update.ts";
export { type SgdHyperparameters, type SgdSlot, sgdSteps, sgdUpdate } from "./tfjs/sgd-update.ts";
export { takeRows } from "./tfjs/take-rows.ts";
export { readableBackends } from "./tfjs/tensor-access.ts";
export {
  type ArrayOfDtype,
  fromTensor,
  type NumberDtype,
  type ShapedNumbers,
  type TensorBridgeOptions,
  type TensorNumbers,
  toTensor,
} from "./tfjs/tensor-bridge.ts";
export { createTensorNotes, type TensorNotes } from "./tfjs/tensor-notes.ts";
export { hasOwnSteps, type SteppedWeight } from "./tfjs/weight-steps.ts";
export {
  engineBytes,
  getThreads,
  isEngineSupported,
  setEngineModule,
  setThreads,
} from "./wasm/instance.ts";
export { orthogonal } from "./wasm/orthogonal.ts";
