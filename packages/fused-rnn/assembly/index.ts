// What the host calls. A step is a call, so that V8 replaces the baseline code of a step while a
// long sequence is still running.
import { gruStep } from "./gru";
import * as J from "./job";
import { lstmStep } from "./lstm";
import { simpleStep } from "./simple";
import { loadInputs, spreadOutputs, wakeRows } from "./state";
import { listSums } from "./words";

export { activateBuffer } from "./activations";
export { backwardStep, finishGradients, startGradients } from "./gradient";
export { addGram, multiplyRows, solvePanel } from "./orthogonal";
export { finishStates, startStates } from "./state";
export { weightGradients } from "./weight-gradients";
export { packTransposed, packWeights, unpackGradients } from "./weights";

export function heapBase(): usize { return __heap_base; }

export function forwardStep(j: usize, block: i32, t: i32): void {
  wakeRows(j, block, t);
  loadInputs(j, block, t);
  listSums(j, block, t);
  if (J.CELL(j) == J.LSTM) lstmStep(j, block, t);
  else if (J.CELL(j) == J.SIMPLE) simpleStep(j, block, t);
  else gruStep(j, block, t);
  spreadOutputs(j, block, t);
}
