export type { RecurrentActivationName } from "./activation-names.ts";
export { activationOps } from "./activation-ops.ts";
export { type AdamNumbers, adamUpdate } from "./adam-update.ts";
export { type BidirectionalCell, bidirectional } from "./bidirectional.ts";
export { fusedActivations } from "./call.ts";
export {
  engineBytes,
  getThreads,
  isEngineSupported,
  setEngineModule,
  setThreads,
} from "./engine.ts";
export { type GruOptions, gru } from "./gru.ts";
export { lstm } from "./lstm.ts";
export { orthogonal } from "./orthogonal.ts";
export type {
  GatedOptions,
  RecurrentOptions,
  RecurrentResult,
  RecurrentWeights,
} from "./recurrent.ts";
export { registerKernels } from "./register.ts";
export { type RmspropNumbers, rmspropUpdate } from "./rmsprop-update.ts";
export { simpleRnn } from "./simple-rnn.ts";
export { engineMemory } from "./tapes.ts";
export {
  type ArrayOfDtype,
  fromTensor,
  type NumberDtype,
  type ShapedNumbers,
  type TensorBridgeOptions,
  type TensorNumbers,
  toTensor,
} from "./tensor-bridge.ts";
export type { DecidedBy, TokenSource } from "./token-source.ts";
