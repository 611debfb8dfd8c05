import {
  findBackendFactory,
  getKernel,
  type KernelConfig,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { convolutionGradients } from "./convolution-gradients.ts";
import { guideToBackend } from "./first-backend.ts";
import { concat, reverse, splitV } from "./moved-rows.ts";
import { unsortedSegmentSumCpu, unsortedSegmentSumWasm } from "./segment-sum.ts";
import { nanKeeping } from "./wasm-nan.ts";
import { castToBool, gatherRows, identity, type Replacement, transpose } from "./wasm-overrides.ts";
import { maxPoolGradient, nearestNeighborGradient } from "./window-gradients.ts";

/**
 * Registers with tfjs what its backends lack, or do hopelessly, for training recurrent models.
 *
 * - `UnsortedSegmentSum` on **wasm**: the gradient of `gather`, and so of every Embedding. Without
 *   it training one throws `Kernel 'UnsortedSegmentSum' not registered for backend 'wasm'`.
 * - `Conv2DBackpropFilter` and the gradients of convolutions by channels on **wasm**, which lacks them too.
 * - `MaxPoolGrad` on **wasm**, where tfjs's own is 0 for windows of which all are 0 or below.
 * - `Cast` to bool on **wasm**, where tfjs's own makes 256 and 0.5 false.
 * - `GatherV2`, `Identity` and `Transpose` on **wasm**: the lookup of an Embedding 20 times faster;
 *   clones, and transpositions that move nothing, without a copy.
 * - `Reverse`, `SplitV` and `Concat` on **wasm**: 3 to 70 times faster; `Reverse` of bool, where tfjs's own reads
 *   and writes 4 bytes for each.
 * - `ClipByValue`, `Maximum`, `Minimum`, `Relu6`, `AvgPool`, `MaxPool` and products with *relu* or *relu6* in them on
 *   **wasm**, where tfjs's own make a number of NaN.
 * - `UnsortedSegmentSum` on **cpu**: takes the place of tfjs's own, whose time and memory grow with
 *   vocabulary × tokens.
 * - `ResizeNearestNeighborGrad` on **cpu**, the gradient of UpSampling2D, where tfjs's own is wrong from the second
 *   example on.
 *
 * Call it again at will: what is in place stays, that of another copy of this package too. It imports no backend.
 * tfjs's cpu backend brings a kernel of its own when it is imported, so on a page that imports it later, call again then.
 *
 * @example
 * import "@tensorflow/tfjs-backend-wasm";
 * import { registerKernels } from "@rnnkit/fused-rnn";
 * registerKernels();
 */
export function registerKernels(): void {
  guideToBackend();
  for (const [backendName, replacements] of replacementsOf) {
    for (const replacement of replacements) replace(backendName, replacement);
  }
  const lacking = [unsortedSegmentSumWasm, ...convolutionGradients];
  // Before the cpu backend is there, ours would only earn tfjs's "already registered" warning.
  if (findBackendFactory("cpu")) lacking.push(unsortedSegmentSumCpu);
  for (const kernel of lacking) {
    if (!getKernel(kernel.kernelName, kernel.backendName)) registerKernel(marked(kernel));
  }
}

/** On each kernel that took a stock one's place: two copies of this package would take each other's in turn. */
const mark = Symbol.for("@rnnkit/fused-rnn");
const isOurs = (kernel: KernelConfig): boolean => mark in kernel;
const marked = (kernel: KernelConfig): KernelConfig => Object.assign(kernel, { [mark]: true });

const moves = [gatherRows, reverse, splitV, concat];

/** What takes the place of backends' own kernels, by their names. */
const replacementsOf = new Map<string, readonly Replacement[]>([
  ["wasm", [castToBool, ...moves, identity, transpose, maxPoolGradient, ...nanKeeping]],
  [
    "cpu",
    [{ ...unsortedSegmentSumCpu, make: () => unsortedSegmentSumCpu }, nearestNeighborGradient],
  ],
]);

/** Adds a backend whose kernels `registerKernels` replaces, once they are there. */
export function addReplacements(backendName: string, replacements: readonly Replacement[]): void {
  replacementsOf.set(backendName, replacements);
}

/** Puts ours in place of a backend's own kernel, once that is there. */
function replace(backendName: string, { kernelName, make }: Replacement): void {
  const present = getKernel(kernelName, backendName);
  if (!present || isOurs(present)) return;
  unregisterKernel(kernelName, backendName);
  registerKernel(marked(make(present)));
}
