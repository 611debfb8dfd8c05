/** What the compiled module exports; its parts are documented in `assembly/`. */
export interface KernelExports {
  heapBase(): number;
  activateBuffer(kind: number, address: number, n: number): void;
  packWeights(job: number): void;
  packTransposed(job: number): void;
  unpackGradients(job: number, blocks: number): void;
  startStates(job: number, block: number): void;
  forwardStep(job: number, block: number, t: number): void;
  finishStates(job: number, block: number): void;
  startGradients(job: number, block: number): void;
  backwardStep(job: number, block: number, t: number): void;
  weightGradients(job: number, block: number, t0: number, steps: number): void;
  finishGradients(job: number, block: number): void;
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
 * tile of steps while it is in cache. `beat` is called every few steps: it costs what a short step does.
 *
 * Workers run this very function from its source text, so it may refer to nothing outside itself.
 */
export function runBlock(
  kernels: KernelExports,
  backward: boolean,
  job: number,
  block: number,
  T: number,
  tile: number,
  beat: () => void,
): void {
  if (!backward) {
    kernels.startStates(job, block);
    for (let t = 0; t < T; t++) {
      kernels.forwardStep(job, block, t);
      if (t % 16 === 0) beat();
    }
    kernels.finishStates(job, block);
    return;
  }
  kernels.startGradients(job, block);
  for (let t0 = Math.floor((T - 1) / tile) * tile; t0 >= 0; t0 -= tile) {
    const steps = Math.min(tile, T - t0);
    for (let t = t0 + steps - 1; t >= t0; t--) {
      kernels.backwardStep(job, block, t);
      if (t % 16 === 0) beat();
    }
    kernels.weightGradients(job, block, t0, steps);
    beat();
  }
  kernels.finishGradients(job, block);
}
