export type { RecurrentActivationName } from "./activation-names.ts";
export { activationOps } from "./activations.ts";
export { type BidirectionalCell, bidirectional } from "./bidirectional.ts";
export { fusedActivations } from "./call.ts";
export { type GruOptions, gru } from "./gru.ts";
export { lstm } from "./lstm.ts";
export type {
  GatedOptions,
  RecurrentOptions,
  RecurrentResult,
  RecurrentWeights,
} from "./recurrent.ts";
export { simpleRnn } from "./simple-rnn.ts";
export { type StepFunction, type StepThroughOptions, stepThrough } from "./step-through.ts";
export { type AdamHyperparameters, adamUpdate } from "./tfjs/adam-update.ts";
export { registerKernels } from "./tfjs/register.ts";
export { type RmspropHyperparameters, rmspropUpdate } from "./tfjs/rmsprop-update.ts";
export { engineMemory } from "./tfjs/saved-calls.ts";
export {
  type ArrayOfDtype,
  fromTensor,
  type NumberDtype,
  type ShapedNumbers,
  type TensorBridgeOptions,
  type TensorNumbers,
  toTensor,
} from "./tfjs/tensor-bridge.ts";
export type { DecidedBy, TokenSource } from "./token-source.ts";
export {
  engineBytes,
  getThreads,
  isEngineSupported,
  setEngineModule,
  setThreads,
} from "./wasm/instance.ts";
export { orthogonal } from "./wasm/orthogonal.ts";
