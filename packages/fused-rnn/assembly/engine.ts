// What the host calls. A step is a call, so that V8 replaces the baseline code of a step while a
// long sequence is still running.
//
// Once a call:    packWeights                         packTransposed … unpackGradients
// For a block:    startStates                         startGradients
//                 forwardStep for t = 0 .. T-1        backwardStep for t = T-1 .. 0, and after each chunk of
//                                                     steps weightGradients
//                 finishStates                        finishGradients
//
// Blocks share nothing that is written: any number of threads takes them in any order, each with an instance of
// this module over the one memory.
import { clearGradients } from "./backward-step";
import { backwardCell, forwardCell } from "./cells";
import { Descriptor } from "./descriptor";
import { broadcastOutputs, forkRows, initialStates, loadInputs } from "./state";
import { clearTokenGradients, listInitialSums, projectTokens } from "./tokens";

export { activateBuffer } from "./activations";
export { finishGradients } from "./backward-step";
export {
  activateDense,
  moveRows,
  denseGradients,
  multiplyAll,
  denseSums,
  denseWeightGradients,
  fillFactors,
  packColumns,
  packRows,
} from "./dense";
export { addGram, multiplyRows, solvePanel } from "./orthogonal";
export { packTransposed, packWeights, unpackGradients } from "./packing";
export { finishStates } from "./state";
export { weightGradients } from "./weight-gradients";

export function heapBase(): usize {
  return __heap_base;
}

export function startStates(d: Descriptor, block: i32): void {
  // By each block for its own tokens: a token in two blocks is multiplied twice, and no block waits for another.
  projectTokens(d, block);
  initialStates(d, block);
}

export function forwardStep(d: Descriptor, block: i32, t: i32): void {
  // Where rows begin alike, those that part now get a state of their own before anything reads it.
  forkRows(d, block, t);
  loadInputs(d, block, t);
  listInitialSums(d, block, t);
  forwardCell(d, block, t);
  broadcastOutputs(d, block, t);
}

export function startGradients(d: Descriptor, block: i32): void {
  clearGradients(d, block);
  clearTokenGradients(d, block);
}

export function backwardStep(d: Descriptor, block: i32, t: i32): void {
  backwardCell(d, block, t);
}
