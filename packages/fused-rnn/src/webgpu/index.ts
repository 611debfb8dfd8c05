// The entry @rnnkit/fused-rnn/webgpu: who does not import it does not pay for it.

import { addEngine } from "../recurrent.ts";
import { addStepOps } from "../step-ops.ts";
import { addReplacements, registerKernels } from "../tfjs/register.ts";
import { addOwnSteps } from "../tfjs/weight-steps.ts";
import { alongAxis } from "./along-axis.ts";
import { addTotals, rows } from "./batch.ts";
import { categoryCounts } from "./category-counts.ts";
import { dense, denseKernels } from "./dense.ts";
import { webgpuEngine } from "./engine.ts";
import { lookup, lookupKernels } from "./lookup.ts";
import { manyAxes } from "./many-axes.ts";
import { maxPoolGradient } from "./max-pool.ts";
import { mean, meanKernels } from "./means.ts";
import { movedRows } from "./moved-rows.ts";
import { steps } from "./optimizer-programs.ts";
import { stepOnDevice, updateKernel } from "./optimizer-updates.ts";
import { registerOnce, registerOwnKernels } from "./own-kernels.ts";
import { softmax, softmaxKernels } from "./softmax.ts";
import { sumOfMany } from "./sum-of-many.ts";
import { wholeNumbers } from "./whole-numbers.ts";

export { type TunedKernels, type TuneOptions, tuneWebGPUKernels, type WayTimes } from "./tune.ts";

let isRegistered = false;

/**
 * Lets lstm, gru, simpleRnn and bidirectional, and so the layers of keras-builders, run in kernels of their own on
 * tfjs's *webgpu* backend; without it they are composed of tfjs operations there, slowly. Optimizers of this project
 * step in one dispatch for several weights there. Of tfjs's own kernels it replaces
 *
 * - `UnsortedSegmentSum`, the gradient of every Embedding, whose own gives other bits from run to run, and adds rows of
 *   ids that are none to others';
 * - `GatherV2` of rows: one dispatch, and ids that are known to be none refused, as on *cpu*;
 * - `Cast` of whole numbers to float32: floats, where tfjs's own leaves the words as they are, which its sums and
 *   transpositions along inner axes take for others;
 * - `AddN` of more tensors than a program of the device has buffers for, 7 by default, where tfjs's own has wrong sums;
 * - `Transpose` that moves nothing: without a copy; and of whole numbers and bools, with the reductions that bring axes to
 *   the end: of theirs no device takes tfjs's program;
 * - `ArgMax` and `ArgMin`: of equal numbers the first, where tfjs's own has any; `Cumsum` and `Cumprod`, whose own are
 *   wrong from the end on, which is the gradient of those from the beginning;
 * - `MaxPoolGrad`: of equal numbers the first has the gradient, as in Keras, where tfjs's own hands it to the last;
 * - `DenseBincount`, the counts of a CategoryEncoding, whose own leaves some out;
 * - `PadV2`, with the gradient of a slice, `Reverse`, `Select` and arithmetic with a row, of more than four axes: tfjs's
 *   own knows four, throws or goes on with other numbers.
 *
 * Other backends are as before. It imports no backend and starts no device; call it again at will: tfjs's kernels are
 * replaced once that backend has been imported, also when a layer of keras-builders is made.
 *
 * @example
 * import "@tensorflow/tfjs-backend-webgpu";
 * import { registerWebGPUKernels } from "@rnnkit/fused-rnn/webgpu";
 * registerWebGPUKernels();
 */
export function registerWebGPUKernels(): void {
  if (!isRegistered) addEngine(webgpuEngine);
  isRegistered = true;
  for (const kernelName of Object.keys(steps)) registerOnce(updateKernel(kernelName));
  addOwnSteps("webgpu", stepOnDevice);
  for (const own of [denseKernels, lookupKernels, meanKernels, softmaxKernels])
    registerOwnKernels(own);
  addStepOps("webgpu", { addTotals, dense, lookup, mean, rows, softmax });
  addReplacements("webgpu", [
    ...[...movedRows, ...wholeNumbers, ...manyAxes, ...alongAxis],
    ...[categoryCounts, maxPoolGradient, sumOfMany],
  ]);
  registerKernels();
}
