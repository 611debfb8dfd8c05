// The program of the worker threads. scripts/build-worker.mjs makes the text of generated/worker.ts from it,
// which is what runs: so no bundler needs to know of a second file, and nothing that rewrites functions, for
// coverage or for their names, reaches what a worker could not resolve.

import {
  BACKWARD,
  BEAT,
  BLOCKS,
  DESCRIPTORS,
  DONE,
  EACH,
  FAILED,
  GENERATION,
  NEXT,
  NO_BLOCK,
  STARTED,
  STEPS,
  TIME_CHUNK,
  type WorkerData,
} from "./control.ts";
import { type KernelExports, runBlock } from "./worker-block.ts";

/** Sleeps until the generation changes, takes blocks until none is left, and sleeps again. */
export function serve({ module, memory, control }: WorkerData): void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
  const kernels = exports as unknown as KernelExports;
  const beat = () => {
    Atomics.add(control, BEAT, 1);
  };
  let seen = 0;
  Atomics.add(control, STARTED, 1);
  for (;;) {
    // A worker that spins steals a core, so it does for about 50 microseconds only.
    for (let i = 0; i < 2000 && Atomics.load(control, GENERATION) === seen; i++);
    Atomics.wait(control, GENERATION, seen);
    seen = Atomics.load(control, GENERATION);
    if (seen < 0) return;
    for (;;) {
      const block = Atomics.add(control, NEXT, 1);
      if (block >= NO_BLOCK || block >= Atomics.load(control, BLOCKS)) break;
      try {
        const each = control[EACH];
        const descriptor = control[DESCRIPTORS + Math.floor(block / each)];
        const backward = control[BACKWARD] !== 0;
        const timeChunk = control[TIME_CHUNK];
        runBlock(kernels, backward, descriptor, block % each, control[STEPS], timeChunk, beat);
      } catch {
        Atomics.store(control, FAILED, 1);
      }
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
  }
}
