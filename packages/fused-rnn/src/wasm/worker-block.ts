import type { DenseKernels } from "./dense-kernels.ts";

/** What the compiled module exports; its parts are documented in `assembly/`. */
export interface KernelExports extends DenseKernels {
  heapBase(): number;
  activateBuffer(kind: number, address: number, n: number): void;
  packWeights(descriptor: number): void;
  packTransposed(descriptor: number): void;
  unpackGradients(descriptor: number, blocks: number): void;
  startStates(descriptor: number, block: number): void;
  forwardStep(descriptor: number, block: number, t: number): void;
  finishStates(descriptor: number, block: number): void;
  startGradients(descriptor: number, block: number): void;
  backwardStep(descriptor: number, block: number, t: number): void;
  weightGradients(descriptor: number, block: number, t0: number, steps: number): void;
  finishGradients(descriptor: number, block: number): void;
  addGram(v: number, row: number, t0: number, t1: number, n: number, s: number): void;
  solvePanel(v: number, row: number, s: number, q: number, w: number): void;
  multiplyRows(
    v: number,
    row: number,
    t0: number,
    t1: number,
    n: number,
    w: number,
    out: number,
  ): void;
}

/**
 * Runs one block of rows through all T steps, forward or backward; the weight gradients follow each
 * chunk of steps while it is in cache. `beat` is called every few steps: it costs what a short step does.
 */
export function runBlock(
  kernels: KernelExports,
  backward: boolean,
  descriptor: number,
  block: number,
  T: number,
  timeChunk: number,
  beat: () => void,
): void {
  if (!backward) {
    kernels.startStates(descriptor, block);
    for (let t = 0; t < T; t++) {
      kernels.forwardStep(descriptor, block, t);
      if (t % 16 === 0) beat();
    }
    kernels.finishStates(descriptor, block);
    return;
  }
  kernels.startGradients(descriptor, block);
  for (let t0 = Math.floor((T - 1) / timeChunk) * timeChunk; t0 >= 0; t0 -= timeChunk) {
    const steps = Math.min(timeChunk, T - t0);
    for (let t = t0 + steps - 1; t >= t0; t--) {
      kernels.backwardStep(descriptor, block, t);
      if (t % 16 === 0) beat();
    }
    kernels.weightGradients(descriptor, block, t0, steps);
    beat();
  }
  kernels.finishGradients(descriptor, block);
}
